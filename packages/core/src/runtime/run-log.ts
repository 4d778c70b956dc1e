import { kindOf, VltairError, type Fact, type RunEvent } from '@vltair/protocol';
import { step } from '../machine/decide.ts';
import { fold } from '../machine/evolve.ts';
import { STATE_SCHEMA, type RunState } from '../machine/run-state.ts';
import type { AppendRequest, EventStore, RunProjection } from '../ports/event-store.ts';

/** What the log needs of the outside. */
export interface RunLogPorts {
  readonly store: EventStore;
  readonly time: { now(): number };
  /** Called with what has been committed, in order. */
  readonly committed: (events: readonly RunEvent[], state: RunState) => void;
}

/** Makes facts from the state that they will follow; none to append nothing. */
export type FactMaker = (state: RunState | undefined) => readonly Fact[];

interface Entry {
  readonly make: FactMaker;
  readonly consumes: readonly string[];
  readonly resolve: (state: RunState | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The single writer of one run: folds, decides and appends.
 *
 * W1 One append is in flight at a time; facts that come meanwhile share the next one.
 * W2 The state moves on only when the append is acknowledged: nobody sees what is not durable.
 * W3 After a refused or failed append the log is lost to this process: every wish is rejected, and the run has to be
 *    loaded anew. A failed append that landed all the same is found by its seq and epoch, which no other writer shares.
 */
export class RunLog {
  readonly run: string;
  readonly #ports: RunLogPorts;
  readonly #epoch: number;
  readonly #waiting: Entry[] = [];
  #state: RunState | undefined;
  #appending = false;
  #lost: unknown;

  constructor(run: string, epoch: number, state: RunState | undefined, ports: RunLogPorts) {
    this.run = run;
    this.#epoch = epoch;
    this.#state = state;
    this.#ports = ports;
  }

  /** The state after all that is durable; `undefined` before the run is created. */
  get state(): RunState | undefined {
    return this.#state;
  }

  /** Resolves with the state once the facts, and the decisions drawn from them, are durable. */
  commit(make: FactMaker, consumes: readonly string[] = []): Promise<RunState | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) return reject(this.#lost);
      this.#waiting.push({ make, consumes, resolve, reject });
      if (!this.#appending) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#appending = true;
    while (this.#waiting.length > 0) await this.#appendBatch(this.#waiting.splice(0, MAX_BATCH));
    this.#appending = false;
  }

  async #appendBatch(batch: readonly Entry[]): Promise<void> {
    try {
      const { events, state } = this.#prepare(batch);
      const consumes = batch.flatMap((entry) => entry.consumes);
      if (state !== undefined && events.length > 0) await this.#append(events, state, consumes);
      for (const entry of batch) entry.resolve(this.#state);
    } catch (error) {
      this.#lose(error, batch);
    }
  }

  #prepare(batch: readonly Entry[]): { events: readonly RunEvent[]; state: RunState | undefined } {
    const events: RunEvent[] = [];
    let state = this.#state;
    for (const entry of batch) {
      for (const payload of entry.make(state)) {
        const next = step(state, this.#factEvent(state, payload));
        events.push(...next.events);
        state = next.state;
      }
    }
    return { events, state };
  }

  #factEvent(state: RunState | undefined, payload: Fact): RunEvent<Fact> {
    return {
      run: this.run,
      seq: (state?.seq ?? 0) + 1,
      ts: Math.max(this.#ports.time.now(), state?.ts ?? 0),
      epoch: this.#epoch,
      kind: kindOf(payload),
      payload,
    };
  }

  async #append(events: readonly RunEvent[], state: RunState, consumes: readonly string[]): Promise<void> {
    const request = this.#request(events, state, consumes);
    const outcome = await this.#ports.store.append(request).catch((error: unknown) => this.#landed(state, error));
    if (outcome.kind === 'fenced') throw new VltairError('unavailable/fenced', { where: this.run });
    if (outcome.kind === 'conflict') {
      throw new VltairError('unavailable/fenced', {
        detail: `another writer is at seq ${outcome.headSeq}`,
        where: this.run,
      });
    }
    this.#state = state;
    this.#ports.committed(events, state);
  }

  #request(events: readonly RunEvent[], state: RunState, consumes: readonly string[]): AppendRequest {
    return {
      run: this.run,
      tenant: TENANT,
      expectedSeq: this.#state?.seq ?? 0,
      epoch: this.#epoch,
      events: events.map(({ ts, payload }) => ({ ts, payload })),
      row: projectionOf(state),
      consumes,
    };
  }

  /** W3: the reply was lost; did the commit happen? Throws the first error when it did not, or when that cannot be told. */
  async #landed(state: RunState, error: unknown): Promise<{ readonly kind: 'appended' }> {
    const head = await this.#ports.store.head(this.run);
    if (head?.seq === state.seq && head.epoch === this.#epoch) return { kind: 'appended' };
    throw error;
  }

  #lose(error: unknown, batch: readonly Entry[]): void {
    this.#lost = error;
    for (const entry of [...batch, ...this.#waiting.splice(0)]) entry.reject(error);
  }
}

const MAX_BATCH = 128;
const TENANT = 'default';

/** The state of a run as its log tells it: the newest snapshot that fits, and the events after it. */
export async function loadState(store: EventStore, run: string): Promise<RunState | undefined> {
  const snapshot = await store.loadSnapshot(run, STATE_SCHEMA);
  const base = snapshot === undefined ? undefined : (snapshot.state as unknown as RunState);
  return fold(await store.read(run, base?.seq ?? 0), base);
}

export function projectionOf(state: RunState): RunProjection {
  return {
    status: state.status,
    workflow: state.workflow.name,
    title: state.title,
    joinKey: state.joinKey,
    traceId: state.traceId,
    createdTs: state.createdTs,
    updatedTs: state.ts,
    failure: state.failure,
  };
}
