import { createHash } from 'node:crypto';
import type { EventType, StoredEvent } from '@vltair/protocol';
import type { EventStore, RunState } from '../../src/index.ts';
import { evolve } from '../../src/machine/evolve.ts';

/** An event, and when it landed in simulated time. */
export interface Landed {
  readonly event: StoredEvent;
  readonly at: number;
}

export interface RunBook {
  readonly run: string;
  readonly landed: readonly Landed[];
  /** The state after each event. */
  readonly states: readonly RunState[];
}

interface OpenBook extends RunBook {
  readonly landed: Landed[];
  readonly states: RunState[];
}

/** What the journal holds, as somebody reads it who takes no part: kept up to date after every turn that wrote. */
export class LogBook {
  readonly #store: EventStore;
  readonly #books = new Map<string, OpenBook>();
  readonly #hash = createHash('sha256');
  #position = 0;

  constructor(store: EventStore) {
    this.#store = store;
  }

  get runs(): readonly RunBook[] {
    return [...this.#books.values()];
  }

  get count(): number {
    return this.#position;
  }

  of(run: string): RunBook | undefined {
    return this.#books.get(run);
  }

  stateOf(run: string): RunState | undefined {
    return this.#books.get(run)?.states.at(-1);
  }

  types(): ReadonlySet<EventType> {
    return new Set(this.runs.flatMap(({ landed }) => landed.map(({ event }) => event.payload.type)));
  }

  /** Equal for equal logs, to the byte. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  /** What has landed since the last time. */
  async refresh(now: number): Promise<readonly Landed[]> {
    const events = await this.#store.tail(this.#position, Number.MAX_SAFE_INTEGER);
    return events.map((event) => this.#add(event, now));
  }

  #add(event: StoredEvent, at: number): Landed {
    const book = this.#books.get(event.run) ?? { run: event.run, landed: [], states: [] };
    this.#books.set(event.run, book);
    book.states.push(evolve(book.states.at(-1), event));
    const landed = { event, at };
    book.landed.push(landed);
    this.#position = event.position;
    this.#hash.update(event.hash);
    return landed;
  }
}
