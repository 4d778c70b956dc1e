import { kindOf, VltairError, type Fact, type RunEvent } from '@vltair/protocol';
import { step } from '../machine/decide.ts';
import { fold } from '../machine/evolve.ts';
import { wakeTsOf } from '../machine/pending.ts';
import { STATE_SCHEMA, type RunState } from '../machine/run-state.ts';
import {
  DEFAULT_TENANT,
  type AppendOutcome,
  type AppendRequest,
  type EventStore,
  type RunProjection,
} from '../ports/event-store.ts';
import { parseSnapshot } from './snapshot-state.ts';

/** What the log needs of the outside. */
export interface RunLogPorts {
  readonly store: EventStore;
  readonly time: { now(): number };
  /** Calls back when all that follows at once from what happens now has followed. */
  readonly soon: (callback: () => void) => void;
  /** Called when facts have been accepted: the state ahead has moved on. */
  readonly accepted: () => void;
  /** Called with what has been committed, in order. */
  readonly committed: (events: readonly RunEvent[], state: RunState) => void;
  /** Called once, when the log is lost to this process (W3). */
  readonly lost: (error: unknown) => void;
  /** Called when nothing is on its way into the log any more. */
  readonly drained: () => void;
}

/** Makes facts from the state that they will follow; none to append nothing. What it throws, its own caller gets. */
export type FactMaker = (state: RunState | undefined) => readonly Fact[];

/** Facts that are still to be made, and what their caller waits for. */
interface Wish {
  readonly make: FactMaker;
  readonly consumes: readonly string[];
  readonly until: 'accepted' | 'durable';
  readonly resolve: (state: RunState | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** What one append puts into the log. */
interface Batch {
  readonly events: RunEvent[];
  /** Commands that these events answer: one that became no event is none of them. */
  readonly consumes: string[];
  /** Who waits for it to be durable. */
  readonly waiters: { readonly appended: () => void; readonly lost: (error: unknown) => void }[];
  /** After these events. */
  state: RunState;
}

/**
 * The single writer of one run: folds, decides and appends. What it accepts goes onto the state ahead at once, and into
 * the store with all that follows from it at once: a step of a workflow is one append.
 *
 * W1 One append is in flight at a time. It begins when the turn of its first fact is over; facts that are accepted until
 *    then share it, and those that come while it is in flight share the next one.
 * W2 Nobody outside sees what is not durable: {@link RunLog.state}, observers, and every answer of {@link RunLog.commit},
 *    wait for the append. Only what works for the run itself goes on from {@link RunLog.ahead}.
 * W3 After a refused or failed append the log is lost to this process: every wish is rejected, what was only accepted is
 *    forgotten, and the run has to be loaded anew. A failed append that landed all the same is found by its seq and
 *    epoch, which no other writer shares.
 * W4 Facts that cannot be made, or do not fit the state, are refused to the one who wished for them; the log goes on.
 * W5 A wish that finds a full batch waits for the append before it is looked at: who works ahead of the store does not
 *    get away from it.
 */
export class RunLog {
  readonly run: string;
  readonly #ports: RunLogPorts;
  readonly #epoch: number;
  readonly #wishes: Wish[] = [];
  #state: RunState | undefined;
  #gathered: Batch | undefined;
  #inFlight: Batch | undefined;
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

  /** The state after all that has been accepted; for what works for the run itself (W2). */
  get ahead(): RunState | undefined {
    return this.#lastBatch?.state ?? this.#state;
  }

  /** Nothing is on its way into the log. */
  get isIdle(): boolean {
    return this.#lastBatch === undefined;
  }

  /** Resolves with the state once the facts, and the decisions drawn from them, are durable. */
  commit(make: FactMaker, consumes: readonly string[] = []): Promise<RunState | undefined> {
    return this.#wish(make, consumes, 'durable');
  }

  /** Resolves with the state ahead once it contains the facts; for what works for the run itself (W2). */
  accept(make: FactMaker): Promise<RunState | undefined> {
    return this.#wish(make, [], 'accepted');
  }

  /** Resolves with the state once all that has been accepted until now is durable. */
  settled(): Promise<RunState | undefined> {
    return this.commit(() => []);
  }

  get #lastBatch(): Batch | undefined {
    return this.#gathered ?? this.#inFlight;
  }

  get #isFull(): boolean {
    return this.#gathered !== undefined && this.#gathered.events.length >= MAX_BATCH;
  }

  #wish(make: FactMaker, consumes: readonly string[], until: Wish['until']): Promise<RunState | undefined> {
    return new Promise((resolve, reject) => {
      const wish = { make, consumes, until, resolve, reject };
      if (this.#lost !== undefined) reject(this.#lost);
      else if (this.#wishes.length > 0 || this.#isFull) this.#wishes.push(wish);
      else this.#take(wish);
    });
  }

  /** Also a refusal is told when what it was judged by is durable. */
  #take(wish: Wish): void {
    const answer = this.#judge(wish);
    if (this.#lost !== undefined) return wish.reject(this.#lost);
    const batch = wish.until === 'durable' ? this.#lastBatch : undefined;
    if (batch === undefined) answer();
    else batch.waiters.push({ appended: answer, lost: wish.reject });
  }

  /** Accepts what is wished for, and gives the answer to it. */
  #judge({ make, consumes, until, resolve, reject }: Wish): () => void {
    try {
      const { events, state } = this.#follow(this.ahead, make(this.ahead));
      if (state !== undefined && events.length > 0) this.#accept(events, state, consumes);
      return () => resolve(until === 'accepted' ? state : this.#state);
    } catch (error) {
      return () => reject(error); // W4
    }
  }

  #accept(events: readonly RunEvent[], state: RunState, consumes: readonly string[]): void {
    if (this.#lastBatch === undefined) this.#appendSoon();
    this.#gathered ??= { events: [], consumes: [], waiters: [], state };
    this.#gathered.events.push(...events);
    this.#gathered.consumes.push(...consumes);
    this.#gathered.state = state;
    try {
      this.#ports.accepted();
    } catch (error) {
      this.#lose(error);
    }
  }

  /** The facts and the decisions that follow from each, after `state`. */
  #follow(
    state: RunState | undefined,
    facts: readonly Fact[],
  ): { readonly events: readonly RunEvent[]; readonly state: RunState | undefined } {
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

  #appendSoon(): void {
    this.#ports.soon(() => void this.#appendGathered());
  }

  async #appendGathered(): Promise<void> {
    const batch = this.#gathered;
    if (batch === undefined) return; // lost meanwhile
    this.#gathered = undefined;
    this.#inFlight = batch;
    try {
      await this.#append(batch);
    } catch (error) {
      this.#lose(error);
    }
    if (this.#lost === undefined) this.#appended(batch);
  }

  #appended({ waiters }: Batch): void {
    this.#inFlight = undefined;
    if (this.#gathered !== undefined) this.#appendSoon();
    for (const { appended } of waiters) appended();
    while (!this.#isFull) {
      const wish = this.#wishes.shift();
      if (wish === undefined) break;
      this.#take(wish);
    }
    if (this.isIdle) this.#ports.drained();
  }

  async #append(batch: Batch): Promise<void> {
    const { events, state } = batch;
    const outcome = await this.#outcomeOf(this.#request(batch), state);
    if (outcome.kind === 'fenced') throw new VltairError('unavailable/fenced', { where: this.run });
    if (outcome.kind === 'conflict') {
      const detail = `another writer is at seq ${outcome.headSeq}`;
      throw new VltairError('unavailable/fenced', { detail, where: this.run });
    }
    if (this.#lost !== undefined) return;
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

  #request({ events, state, consumes }: Batch): AppendRequest {
    return {
      run: this.run,
      tenant: state.tenant ?? DEFAULT_TENANT,
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

  #lose(error: unknown): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    const waiters = [...(this.#inFlight?.waiters ?? []), ...(this.#gathered?.waiters ?? [])];
    this.#inFlight = undefined;
    this.#gathered = undefined;
    for (const { lost } of waiters) lost(error);
    for (const { reject } of this.#wishes.splice(0)) reject(error);
    this.#ports.lost(error);
    this.#ports.drained();
  }
}

/** Events that wait for an append at a time, but for the last decisions. */
const MAX_BATCH = 128;

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
