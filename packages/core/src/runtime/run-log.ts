import { kindOf, VltairError, type Fact, type RunEvent } from '@vltair/protocol';
import { step } from '../machine/decide.ts';
import { fold } from '../machine/evolve.ts';
import { wakeTsOf } from '../machine/pending.ts';
import { STATE_SCHEMA, type RunState } from '../machine/run-state.ts';
import type { AppendOutcome, AppendRequest, EventStore, RunProjection } from '../ports/event-store.ts';
import { parseSnapshot } from './snapshot-state.ts';

/** What the log needs of the outside. */
export interface RunLogPorts {
  readonly store: EventStore;
  readonly time: { now(): number };
  /** Called with what has been committed, in order. */
  readonly committed: (events: readonly RunEvent[], state: RunState) => void;
  /** Called once, when the log is lost to this process (W3). */
  readonly lost: (error: unknown) => void;
  /** Called when nothing is on its way into the log any more. */
  readonly drained: () => void;
}

/** Makes facts from the state that they will follow; none to append nothing. What it throws, its own caller gets. */
export type FactMaker = (state: RunState | undefined) => readonly Fact[];

interface Entry {
  readonly make: FactMaker;
  readonly consumes: readonly string[];
  readonly resolve: (state: RunState | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** A batch as it will be appended: the entries whose facts are in it, and the state after them. */
interface Prepared {
  readonly admitted: readonly Entry[];
  readonly events: readonly RunEvent[];
  readonly state: RunState | undefined;
  /** Commands that these events answer: one that became no event is none of them. */
  readonly consumes: readonly string[];
}

/**
 * The single writer of one run: folds, decides and appends.
 *
 * W1 One append is in flight at a time; facts that come meanwhile share the next one.
 * W2 The state moves on only when the append is acknowledged: nobody sees what is not durable.
 * W3 After a refused or failed append the log is lost to this process: every wish is rejected, and the run has to be
 *    loaded anew. A failed append that landed all the same is found by its seq and epoch, which no other writer shares.
 * W4 Facts that cannot be made, or do not fit the state, are refused to the one who wished for them; the log goes on.
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

  /** Nothing is on its way into the log. */
  get isIdle(): boolean {
    return !this.#appending;
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
    this.#ports.drained();
  }

  async #appendBatch(batch: readonly Entry[]): Promise<void> {
    try {
      const { admitted, events, state, consumes } = this.#prepare(batch);
      if (state !== undefined && events.length > 0) await this.#append(events, state, consumes);
      for (const entry of admitted) entry.resolve(this.#state);
    } catch (error) {
      this.#lose(error, batch);
    }
  }

  #prepare(batch: readonly Entry[]): Prepared {
    const admitted: Entry[] = [];
    const events: RunEvent[] = [];
    const consumes: string[] = [];
    let state = this.#state;
    for (const entry of batch) {
      try {
        const next = this.#follow(state, entry.make(state));
        events.push(...next.events);
        if (next.events.length > 0) consumes.push(...entry.consumes);
        state = next.state;
        admitted.push(entry);
      } catch (error) {
        entry.reject(error); // W4
      }
    }
    return { admitted, events, state, consumes };
  }

  /** The facts and the decisions that follow from each, after `state`. */
  #follow(state: RunState | undefined, facts: readonly Fact[]): Pick<Prepared, 'events' | 'state'> {
    const events: RunEvent[] = [];
    let next = state;
    for (const payload of facts) {
      const after = step(next, this.#factEvent(next, payload));
      events.push(...after.events);
      next = after.state;
    }
    return { events, state: next };
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
    const outcome = await this.#outcomeOf(this.#request(events, state, consumes), state);
    if (outcome.kind === 'fenced') throw new VltairError('unavailable/fenced', { where: this.run });
    if (outcome.kind === 'conflict') {
      const detail = `another writer is at seq ${outcome.headSeq}`;
      throw new VltairError('unavailable/fenced', { detail, where: this.run });
    }
    this.#state = state;
    this.#ports.committed(events, state);
  }

  /** W3: when the reply is lost, the head tells whether the commit happened. */
  async #outcomeOf(request: AppendRequest, state: RunState): Promise<AppendOutcome | { readonly kind: 'appended' }> {
    try {
      return await this.#ports.store.append(request);
    } catch (error) {
      if (await this.#landed(state)) return { kind: 'appended' };
      throw error;
    }
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
      parent: this.#state === undefined ? state.parent?.run : undefined,
    };
  }

  /** `false` also when it cannot be told. */
  async #landed(state: RunState): Promise<boolean> {
    try {
      const head = await this.#ports.store.head(this.run);
      return head?.seq === state.seq && head.epoch === this.#epoch;
    } catch {
      return false; // the store cannot even be read: the failure of the append says why
    }
  }

  #lose(error: unknown, batch: readonly Entry[]): void {
    this.#lost = error;
    for (const entry of [...batch, ...this.#waiting.splice(0)]) entry.reject(error);
    this.#ports.lost(error);
  }
}

const MAX_BATCH = 128;
const TENANT = 'default';

/**
 * The state of a run as its log tells it: the newest snapshot that fits, and the events after it. A snapshot that holds
 * no state of the run is warned of, and the whole log is folded.
 */
export async function loadState(
  store: EventStore,
  run: string,
  warn: (warning: string) => void,
): Promise<RunState | undefined> {
  const snapshot = await store.loadSnapshot(run, STATE_SCHEMA);
  const base = snapshot === undefined ? undefined : parseSnapshot(snapshot);
  if (snapshot !== undefined && base === undefined)
    warn(`the snapshot of run ${run} at event ${snapshot.seq} holds no state of it; the whole log is read instead`);
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
    wakeTs: state.status === 'paused' ? wakeTsOf(state) : undefined,
  };
}
