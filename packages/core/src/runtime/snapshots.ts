import { canonicalJson, jsonObjectSchema } from '@vltair/protocol';
import { STATE_SCHEMA, type RunState } from '../machine/run-state.ts';
import type { EventStore } from '../ports/event-store.ts';

/** Events between two snapshots of a run. */
const EVERY = 500;

/** Saves the state of a run now and then, so that its next start is shorter. When it cannot be saved, the log alone serves. */
export class Snapshots {
  readonly #store: EventStore;
  readonly #seqs = new Map<string, number>();

  constructor(store: EventStore) {
    this.#store = store;
  }

  committed(state: RunState): void {
    if (state.seq - (this.#seqs.get(state.run) ?? 0) < EVERY) return;
    this.#seqs.set(state.run, state.seq);
    this.#save(state).catch(() => {
      // The log itself is intact, and the append that comes next reports what is wrong with the store.
    });
  }

  forget(run: string): void {
    this.#seqs.delete(run);
  }

  async #save(state: RunState): Promise<void> {
    const { run, seq } = state;
    const head = await this.#store.head(run);
    if (head?.seq !== seq) return;
    const plain = jsonObjectSchema.parse(JSON.parse(canonicalJson(state)));
    await this.#store.saveSnapshot({ run, seq, hash: head.hash, schema: STATE_SCHEMA, state: plain });
  }
}
