import { VltairError } from '@vltair/protocol';
import { SearchIndex, type Answer, type IndexSettings } from '../index/search-index.ts';
import type { EngineSearch, TenantChange } from './engine-message.ts';

interface Waiting {
  readonly search: EngineSearch;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (answers: Promise<readonly Answer[]>) => void;
}

/** An index for each tenant, all of them at one position of the store. */
export class TenantIndexes {
  readonly #settings: IndexSettings;
  readonly #indexes = new Map<string, SearchIndex>();
  readonly #waiting = new Set<Waiting>();
  /** Everything up to this position has been taken in. */
  #upTo = 0;

  constructor(settings: IndexSettings) {
    this.#settings = settings;
  }

  /** A change that cannot be taken in is left out, and told of: it keeps nothing else from being found. */
  apply(upTo: number, changes: readonly TenantChange[], refused: (tenant: string, error: unknown) => void): void {
    for (const { tenant, change } of changes) {
      try {
        this.#indexOf(tenant).apply([change]);
      } catch (error) {
        refused(tenant, error);
      }
    }
    this.#upTo = upTo;
    for (const waiting of this.#waiting) {
      if (!this.#hasReached(waiting.search)) continue;
      this.#leave(waiting);
      waiting.resolve(this.#answer(waiting.search));
    }
  }

  /** A search at a position that has not been taken in waits for it. @throws VltairError `unavailable/index_behind` */
  search(search: EngineSearch, waitMs: number): Promise<readonly Answer[]> {
    if (this.#hasReached(search)) return this.#answer(search);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#leave(waiting);
        const detail = `it has reached position ${this.#upTo} of ${String(search.request.at)}`;
        reject(new VltairError('unavailable/index_behind', { detail }));
      }, waitMs);
      const waiting = { search, timer, resolve };
      this.#waiting.add(waiting);
    });
  }

  /** Whoever waits is answered no more. */
  close(): void {
    for (const waiting of this.#waiting) this.#leave(waiting);
  }

  #leave(waiting: Waiting): void {
    clearTimeout(waiting.timer);
    this.#waiting.delete(waiting);
  }

  #hasReached({ request }: EngineSearch): boolean {
    return request.at === undefined || request.at <= this.#upTo;
  }

  #answer({ tenant, space, request }: EngineSearch): Promise<readonly Answer[]> {
    const at = request.at ?? this.#upTo;
    return Promise.try(() => this.#indexes.get(tenant)?.search({ ...request, at }, space) ?? []);
  }

  #indexOf(tenant: string): SearchIndex {
    const known = this.#indexes.get(tenant);
    if (known !== undefined) return known;
    const index = new SearchIndex(this.#settings);
    this.#indexes.set(tenant, index);
    return index;
  }
}
