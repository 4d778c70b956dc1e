import { VltairError, type AttemptRef, type Fact, type RedactionSettings, type RunEvent } from '@vltair/protocol';
import { activityKey, pending, refKey, type Activity } from '../machine/pending.ts';
import { hasEnded, type RunState } from '../machine/run-state.ts';
import type { Invoker, Progress, WorkspacePort } from '../ports/agent.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStore } from '../ports/event-store.ts';
import { AttemptFlight, type AttemptActivity } from './attempt-flight.ts';
import { ResultApplier } from './result-applier.ts';
import { RunLog, type FactMaker } from './run-log.ts';
import type { Scheduler } from './scheduler.ts';
import type { SteadyTime } from './steady-time.ts';

export interface RunProcessPorts {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly time: SteadyTime;
  readonly scheduler: Scheduler;
  readonly invoker: Invoker;
  readonly workspace: WorkspacePort;
  readonly observer: RunObserver;
  readonly isClosing: () => boolean;
  readonly redaction: RedactionSettings;
  /** Called when the run has ended and nothing of it works any more. */
  readonly done: () => void;
}

/** Who watches. Events are durable when they arrive here; progress frames are lossy. */
export interface RunObserver {
  committed(events: readonly RunEvent[], state: RunState): void;
  progress(run: string, ref: AttemptRef, progress: Progress): void;
}

type DeadlineActivity = Extract<Activity, { kind: 'node_deadline' | 'run_deadline' }>;

/**
 * Keeps what is in flight of one run equal to what its state calls for. After every commit it compares
 * {@link pending} with what is in flight and starts or stops the difference; a process that takes over a run does the
 * same with nothing in flight.
 *
 * P1 Results are applied to the workspace one after the other (single writer).
 * P2 After the log is lost, or the run is released, nothing starts and everything in flight is aborted.
 * P3 An incarnation starts only when the one before it has landed.
 */
export class RunProcess {
  readonly #ports: RunProcessPorts;
  readonly #time: SteadyTime;
  readonly #runLog: RunLog;
  readonly #applier: ResultApplier;
  readonly #flights = new Map<string, AttemptFlight>();
  readonly #timers = new Map<string, { cancel(): void }>();
  #rested = restPromise();
  #isResting = false;
  readonly #idleWaiters: (() => void)[] = [];
  #hasLeftBehind = false;
  #given: VltairError | undefined;

  constructor(run: string, epoch: number, state: RunState | undefined, ports: RunProcessPorts) {
    this.#ports = ports;
    this.#time = ports.time.notBefore(state?.ts ?? 0);
    this.#runLog = new RunLog(run, epoch, state, {
      store: ports.store,
      time: this.#time,
      committed: (events, next) => this.#committed(events, next),
      lost: (error) => this.#giveUp(error),
    });
    this.#applier = new ResultApplier(this.#runLog, ports.workspace, ports.redaction);
  }

  get state(): RunState | undefined {
    return this.#runLog.state;
  }

  /** Why this process works on the run no longer; it has to be loaded anew to go on. */
  get givenUp(): VltairError | undefined {
    return this.#given;
  }

  /** Resolves when nothing of the run is in flight in this process. */
  idle(): Promise<void> {
    if (this.#flights.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Appends facts; for the runtime, which admits commands. */
  async commit(make: FactMaker, consumes: readonly string[] = []): Promise<RunState> {
    if (this.#given !== undefined) throw this.#given;
    const state = await this.#runLog.commit(make, consumes);
    if (state === undefined) throw new VltairError('not_found/run', { detail: this.#runLog.run });
    return state;
  }

  /** Resolves when the run has ended or only a person can bring it on; rejects when this process has given it up. */
  rest(): Promise<RunState> {
    return this.#given === undefined ? this.#rested.promise : Promise.reject(this.#given);
  }

  /** P2. Ends what is in flight without recording an end: the next owner continues. The first reason stands. */
  release(reason: VltairError): void {
    this.#given ??= reason;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    for (const flight of this.#flights.values()) flight.abort(reason);
    this.#rested.reject(reason);
  }

  /** Waits for nothing of the run any more. */
  abandon(): void {
    for (const flight of this.#flights.values()) flight.leaveBehind();
  }

  #committed(events: readonly RunEvent[], state: RunState): void {
    this.#ports.observer.committed(events, state);
    this.#reconcile(state);
  }

  #giveUp(error: unknown): void {
    const isKnown = error instanceof VltairError;
    this.release(isKnown ? error : new VltairError('internal/unexpected', { detail: String(error), cause: error }));
  }

  // --- keeping what is in flight equal to what is pending

  #reconcile(state: RunState): void {
    if (this.#given !== undefined) return;
    const wanted = new Map(pending(state).map((activity) => [activityKey(activity), activity]));
    for (const [key, flight] of this.#flights) if (!wanted.has(key)) abortUnlessEnding(flight, state);
    for (const [key, timer] of this.#timers) if (!wanted.has(key)) this.#forgetTimer(key, timer);
    for (const [key, activity] of wanted) this.#begin(key, activity, state);
    this.#rest(state);
    if (hasEnded(state) && this.#flights.size === 0 && !this.#hasLeftBehind) this.#ports.done();
  }

  #rest(state: RunState): void {
    const resting = hasEnded(state) || state.status === 'paused';
    if (resting) this.#rested.resolve(state);
    else if (this.#isResting) this.#rested = restPromise();
    this.#isResting = resting;
  }

  #begin(key: string, activity: Activity, state: RunState): void {
    if (activity.kind === 'attempt') return this.#fly(key, activity, state.traceId);
    if (activity.kind === 'stop') return this.#stop(activity.ref);
    if (!this.#timers.has(key)) this.#setTimer(key, activity);
  }

  #setTimer(key: string, activity: DeadlineActivity): void {
    const wait = Math.max(0, this.#time.monotonicAt(activity.dueTs) - this.#ports.clock.monotonic());
    this.#timers.set(
      key,
      this.#ports.clock.after(wait, () => this.#onTimer(key, activity)),
    );
  }

  /** A timer may be early: no single one reaches beyond some weeks. */
  #onTimer(key: string, activity: DeadlineActivity): void {
    this.#timers.delete(key);
    if (this.#time.now() < activity.dueTs) return this.#setTimer(key, activity);
    this.#tell(() => [{ type: 'timer.fired', timer: timerOf(activity) }]);
  }

  #forgetTimer(key: string, timer: { cancel(): void }): void {
    timer.cancel();
    this.#timers.delete(key);
  }

  /** Nothing of the attempt may work when its stop is recorded: at once when nothing does, else when its flight has landed. */
  #stop(ref: AttemptRef): void {
    if (!this.#isFlying(refKey(ref))) this.#stopped(ref);
  }

  #stopped(ref: AttemptRef): void {
    this.#tell((state) => {
      const node = state?.nodes[ref.node];
      const current = node?.status === 'stopping' && node.visit === ref.visit && node.attempt === ref.attempt;
      return current ? [{ type: 'attempt.stopped', node: ref.node, visit: ref.visit, attempt: ref.attempt }] : [];
    });
  }

  // --- attempts

  #isFlying(attempt: string): boolean {
    return [...this.#flights.values()].some((flight) => flight.refKey === attempt);
  }

  /** P3. */
  #fly(key: string, activity: AttemptActivity, traceId: string): void {
    const { ref } = activity;
    if (this.#isFlying(refKey(ref))) return;
    const flight = new AttemptFlight(activity, traceId, {
      ...this.#ports,
      runLog: this.#runLog,
      time: this.#time,
      applier: this.#applier,
      progress: (progress) => this.#ports.observer.progress(this.#runLog.run, ref, progress),
      landed: ({ isLeftBehind }) => this.#landed(key, isLeftBehind),
      failed: (error) => this.#giveUp(error),
    });
    this.#flights.set(key, flight);
  }

  #landed(key: string, isLeftBehind: boolean): void {
    this.#flights.delete(key);
    this.#hasLeftBehind ||= isLeftBehind;
    if (this.#flights.size === 0) for (const resolve of this.#idleWaiters.splice(0)) resolve();
    if (this.state !== undefined) this.#reconcile(this.state);
  }

  // --- facts that nobody waits for

  #tell(make: FactMaker): void {
    this.#runLog.commit(make).catch((error: unknown) => this.#giveUp(error));
  }
}

/**
 * What is no longer called for is aborted, except for a suspended incarnation, whose last calls end first (E3), and for
 * one whose outcome is just being recorded.
 */
function abortUnlessEnding(flight: AttemptFlight, state: RunState): void {
  const { node: id, visit, attempt } = flight.activity.ref;
  const node = state.nodes[id];
  const isCurrent = node?.visit === visit && node.attempt === attempt;
  const isSuspended = isCurrent && (node.status === 'parked' || node.status === 'scheduled');
  const isDone = flight.isApplying && !(isCurrent && node.status === 'stopping');
  if (!isSuspended && !isDone) flight.abort(new VltairError('cancelled/run'));
}

/** Whoever waits sees a failure through rest(); nobody has to wait. */
function restPromise(): PromiseWithResolvers<RunState> {
  const rest = Promise.withResolvers<RunState>();
  rest.promise.catch(() => {
    // Handled for the case that nobody waits: whoever does is told by his own promise.
  });
  return rest;
}

function timerOf(activity: DeadlineActivity): Extract<Fact, { type: 'timer.fired' }>['timer'] {
  return activity.kind === 'run_deadline'
    ? { kind: activity.kind }
    : { kind: activity.kind, node: activity.node, visit: activity.visit };
}
