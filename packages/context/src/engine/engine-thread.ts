import { type MessagePort, parentPort } from 'node:worker_threads';
import { failureOf, VltairError } from '@vltair/protocol';
import { SearchIndex } from '../index/search-index.ts';
import { loadKernel } from '../kernel/load-kernel.ts';
import type { EngineSearch, FromEngine, TenantChange, ToEngine } from './engine-message.ts';

interface Waiting {
  readonly number: number;
  readonly search: EngineSearch;
  readonly timer: NodeJS.Timeout;
}

/**
 * The thread that searches (search-engine.ts is its other half): a search takes milliseconds, in which an event loop would
 * do nothing else. Each tenant has an index of its own.
 */
class EngineThread {
  readonly #port: MessagePort;
  readonly #kernel = loadKernel();
  readonly #indexes = new Map<string, SearchIndex>();
  readonly #waiting = new Set<Waiting>();
  /** Everything up to this position of the store has been taken in. */
  #upTo = 0;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  serve(): void {
    this.#port.on('message', (message: ToEngine) => {
      if (message.kind === 'apply') this.#apply(message.upTo, message.changes);
      else if (message.kind === 'search') this.#searchInTime(message.number, message.search, message.waitMs);
      else this.#close();
    });
  }

  #apply(upTo: number, changes: readonly TenantChange[]): void {
    for (const { tenant, change } of changes) this.#indexOf(tenant).apply([change]);
    this.#upTo = upTo;
    for (const waiting of this.#waiting) {
      if (!this.#hasReached(waiting.search)) continue;
      clearTimeout(waiting.timer);
      this.#waiting.delete(waiting);
      this.#answer(waiting.number, waiting.search);
    }
  }

  /** A search at a position that has not been taken in waits for it. */
  #searchInTime(number: number, search: EngineSearch, waitMs: number): void {
    if (this.#hasReached(search)) return this.#answer(number, search);
    const timer = setTimeout(() => {
      this.#waiting.delete(waiting);
      const detail = `it has reached position ${this.#upTo} of ${String(search.request.at)}`;
      this.#fail(number, new VltairError('unavailable/index_behind', { detail }));
    }, waitMs);
    const waiting = { number, search, timer };
    this.#waiting.add(waiting);
  }

  #hasReached({ request }: EngineSearch): boolean {
    return request.at === undefined || request.at <= this.#upTo;
  }

  #answer(number: number, { tenant, space, request }: EngineSearch): void {
    try {
      const answers = this.#indexOf(tenant).search({ ...request, at: request.at ?? this.#upTo }, space);
      this.#tell({ kind: 'answered', number, answers });
    } catch (error) {
      this.#fail(number, error);
    }
  }

  #fail(number: number, error: unknown): void {
    this.#tell({ kind: 'failed', number, failure: failureOf(error) });
  }

  #tell(message: FromEngine): void {
    this.#port.postMessage(message);
  }

  #indexOf(tenant: string): SearchIndex {
    const known = this.#indexes.get(tenant);
    if (known !== undefined) return known;
    const index = new SearchIndex(this.#kernel === undefined ? {} : { kernel: this.#kernel });
    this.#indexes.set(tenant, index);
    return index;
  }

  #close(): void {
    for (const { timer } of this.#waiting) clearTimeout(timer);
    this.#port.close();
  }
}

if (parentPort !== null) new EngineThread(parentPort).serve();
