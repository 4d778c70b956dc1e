import { VltairError, type AttemptRef, type FactOf, type RunEvent } from '@vltair/protocol';
import {
  activityKey,
  pending,
  pendingSubruns,
  refKey,
  type Activity,
  type SubrunActivity,
} from '../machine/pending.ts';
import { hasEnded, type RunState } from '../machine/run-state.ts';
import type { Progress, WorkspacePort } from '../ports/agent.ts';
import type { EventStore } from '../ports/event-store.ts';
import { AttemptFlight, type AttemptActivity, type AttemptQueue, type SharedFlightPorts } from './attempt-flight.ts';
import { ResultApplier } from './result-applier.ts';
import { RunLog, type FactMaker } from './run-log.ts';
import type { SteadyTime } from './steady-time.ts';

/** The same for all runs of a process. */
export interface RunProcessPorts extends SharedFlightPorts {
  readonly store: EventStore;
  readonly time: SteadyTime;
  readonly workspace: WorkspacePort;
  readonly children: ChildRuns;
  readonly owner: RunOwner;
}

/** Has the runs of a process. */
export interface RunOwner extends AttemptQueue, RunObserver {
  /** The run has ended and nothing of it works any more. */
  forget(runProcess: RunProcess): void;
  /** Told once, when this process works on the run no longer. */
  gaveUp(runProcess: RunProcess, error: VltairError): void;
}

/** Runs below a run. */
export interface ChildRuns {
  /** Begins the child, or takes it up, and resolves with how it ended. Rejects when it cannot be told here. */
  follow(parent: RunState, subrun: SubrunActivity): Promise<FactOf<'subrun.ended'>>;
  /** Asks the child to end. */
  cancel(run: string, reason: string): Promise<void>;
}

/** Who watches. Events are durable when they arrive here; progress frames are lossy. */
export interface RunObserver {
  committed(events: readonly RunEvent[], state: RunState): void;
  progress(run: string, ref: AttemptRef, progress: Progress): void;
}

type TimerActivity = Extract<Activity, { kind: 'timer' }>;

/**
 * Keeps what is in flight of one run equal to what its state calls for. Whenever facts have been accepted it compares
 * {@link pending} with what is in flight and starts or stops the difference; a process that takes over a run does the
 * same with nothing in flight. Attempts and timers work ahead of what is durable, since they reach the outside through
 * the log alone; children do not: their logs are others than this one.
 *
 * P1 Results are applied to the workspace one after the other (single writer).
 * P2 After the log is lost, or the run is released, nothing starts and everything in flight is aborted.
 * P3 An incarnation starts only when the one before it has landed.
 * P4 A child begins, or is cancelled, when what calls for it is durable; a frame of progress is shown when what its agent
 *    had come to is.
 */
export class RunProcess {
  /** Under which it writes. */
  readonly epoch: number;
  readonly #ports: RunProcessPorts;
  readonly #time: SteadyTime;
  readonly #runLog: RunLog;
  readonly #applier: ResultApplier;
  readonly #flights = new Map<string, AttemptFlight>();
  readonly #timers = new Map<string, { cancel(): void }>();
  readonly #followed = new Set<string>();
  readonly #idleWaiters: (() => void)[] = [];
  #hasLeftBehind = false;
  #isReconciling = false;
  /** Facts have been accepted since the state was looked at. */
  #isStale = false;
  #given: VltairError | undefined;

  constructor(run: string, epoch: number, state: RunState | undefined, ports: RunProcessPorts) {
    this.epoch = epoch;
    this.#ports = ports;
    this.#time = ports.time.notBefore(state?.ts ?? 0);
    this.#runLog = new RunLog(run, epoch, state, {
      store: ports.store,
      time: this.#time,
      soon: (callback) => ports.clock.soon(callback),
      accepted: () => this.#reconcile(),
      committed: (events, next) => this.#committed(events, next),
      lost: (error) => this.#giveUp(error),
      drained: () => this.#rest(),
    });
    this.#applier = new ResultApplier(this.#runLog, ports.workspace, ports.redaction);
  }

  get run(): string {
    return this.#runLog.run;
  }

  /** The state after all that is durable. */
  get state(): RunState | undefined {
    return this.#runLog.state;
  }

  /** Why this process works on the run no longer; it has to be loaded anew to go on. */
  get givenUp(): VltairError | undefined {
    return this.#given;
  }

  /** It has been given up, and something of it still goes on. */
  get isLettingGo(): boolean {
    return this.#given !== undefined && !this.#isQuiet;
  }

  /** Something of it is queued or at work here, not only in its children. */
  get isAtWork(): boolean {
    const onlyFollows = this.#followed.size > 0 && this.#flights.size === 0;
    return this.#given === undefined && this.state?.status !== 'paused' && !onlyFollows;
  }

  /** Resolves when nothing of the run is in flight in this process, or on its way into the log. */
  idle(): Promise<void> {
    if (this.#isQuiet) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Resolves when all that has been accepted until now is durable, or lost. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.#runLog.settled()]);
  }

  /** Appends facts, and resolves when they are durable; for the runtime, which admits commands. */
  async commit(make: FactMaker, consumes: readonly string[] = []): Promise<RunState> {
    if (this.#given !== undefined) throw this.#given;
    const state = await this.#runLog.commit(make, consumes);
    if (state === undefined) throw new VltairError('not_found/run', { detail: this.#runLog.run });
    return state;
  }

  /**
   * It is paused, and nothing of it is in flight or on its way into the log: it can be loaded anew when it is wanted. A run
   * whose log is ahead of the wall clock cannot: by that clock its row says too late when it is wanted.
   */
  get isAsleep(): boolean {
    const hasNone = this.#isQuiet && this.#followed.size === 0;
    return hasNone && this.state?.status === 'paused' && !this.#time.isAheadOf(this.#ports.time);
  }

  /** Begins what the state calls for, without a fact. */
  takeUp(): void {
    this.#reconcile();
    if (this.state !== undefined) this.#followChildren(this.state);
  }

  /** Forgets the timers of a sleeping run; nothing may be asked of this process any more. */
  letGo(forget: () => void): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#given ??= new VltairError('unavailable/shutting_down');
    forget();
  }

  /** P2. Ends what is in flight without recording an end: the next owner continues. The first reason stands. */
  release(reason: VltairError): void {
    const isFirst = this.#given === undefined;
    this.#given ??= reason;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    for (const flight of this.#flights.values()) flight.abort(reason);
    if (isFirst) this.#ports.owner.gaveUp(this, this.#given);
  }

  /** Waits for nothing of the run any more. */
  abandon(): void {
    for (const flight of this.#flights.values()) flight.leaveBehind();
  }

  #committed(events: readonly RunEvent[], state: RunState): void {
    this.#ports.owner.committed(events, state);
    this.#followChildren(state);
  }

  #giveUp(error: unknown): void {
    const isKnown = error instanceof VltairError;
    this.release(isKnown ? error : new VltairError('internal/unexpected', { detail: String(error), cause: error }));
  }

  // --- keeping what is in flight equal to what is pending

  /** What begins may tell the log of it at once: the state is then looked at anew. */
  #reconcile(): void {
    this.#isStale = true;
    if (this.#isReconciling) return;
    this.#isReconciling = true;
    while (this.#isStale) {
      this.#isStale = false;
      const { ahead } = this.#runLog;
      if (ahead !== undefined && this.#given === undefined) this.#startAndStop(ahead);
    }
    this.#isReconciling = false;
    this.#leaveWhenDone();
  }

  #startAndStop(state: RunState): void {
    const wanted = new Map(pending(state).map((activity) => [activityKey(activity), activity]));
    for (const [key, flight] of this.#flights) if (!wanted.has(key)) abortUnlessEnding(flight, state);
    for (const [key, timer] of this.#timers) if (!wanted.has(key)) this.#forgetTimer(key, timer);
    for (const [key, activity] of wanted) if (!this.#isStale) this.#begin(key, activity, state);
  }

  get #isQuiet(): boolean {
    return this.#flights.size === 0 && this.#runLog.isIdle;
  }

  #rest(): void {
    if (this.#isQuiet) for (const resolve of this.#idleWaiters.splice(0)) resolve();
    this.#leaveWhenDone();
  }

  /** What is on its way into the log may be a wish that takes the ended run up again. */
  #leaveWhenDone(): void {
    const hasNone = this.#isQuiet && !this.#hasLeftBehind;
    if (this.#given === undefined && hasNone && this.state !== undefined && hasEnded(this.state))
      this.#ports.owner.forget(this);
  }

  #begin(key: string, activity: Activity, state: RunState): void {
    if (activity.kind === 'attempt') return this.#fly(key, activity, state.traceId);
    if (activity.kind === 'stop') return this.#stop(activity.ref);
    if (activity.kind === 'timer' && !this.#timers.has(key)) this.#setTimer(key, activity);
  }

  #setTimer(key: string, activity: TimerActivity): void {
    const wait = Math.max(0, this.#time.monotonicAt(activity.dueTs) - this.#ports.clock.monotonic());
    this.#timers.set(
      key,
      this.#ports.clock.after(wait, () => this.#onTimer(key, activity)),
    );
  }

  /** A timer may be early: no single one reaches beyond some weeks. */
  #onTimer(key: string, activity: TimerActivity): void {
    if (this.#time.now() < activity.dueTs) return this.#setTimer(key, activity);
    this.#runLog
      .accept(() => [{ type: 'timer.fired', timer: activity.timer }])
      .then(
        () => this.#timers.delete(key), // not before: until then the state calls for it
        (error: unknown) => this.#giveUp(error),
      );
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

  // --- children

  /** P4. */
  #followChildren(state: RunState): void {
    if (this.#given !== undefined) return;
    for (const activity of pendingSubruns(state)) this.#follow(activity, state);
  }

  /** One follower for each child, also while it is stopping. */
  #follow(activity: SubrunActivity, state: RunState): void {
    const { run } = activity.wait;
    if (activity.isStopping) this.#cancelChild(run);
    if (this.#followed.has(run)) return;
    this.#followed.add(run);
    this.#ports.children.follow(state, activity).then(
      (ended) => this.#childEnded(run, ended),
      (error: unknown) => this.#lostChild(run, error),
    );
  }

  #childEnded(run: string, ended: FactOf<'subrun.ended'>): void {
    if (this.#given !== undefined) return;
    this.#runLog
      .commit(() => [ended])
      .then(
        () => this.#followed.delete(run), // not before: until then the state calls for a follower
        (error: unknown) => this.#giveUp(error),
      );
  }

  /** Whoever takes the run over next asks after its child again. */
  #lostChild(run: string, error: unknown): void {
    this.#followed.delete(run);
    this.#giveUp(error);
  }

  #cancelChild(run: string): void {
    const key = `cancel ${run}`;
    if (this.#followed.has(key)) return;
    this.#followed.add(key);
    this.#ports.children.cancel(run, 'the run above it stops').then(
      () => this.#followed.delete(key),
      (error: unknown) => this.#lostChild(key, error),
    );
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
      shared: this.#ports,
      runLog: this.#runLog,
      time: this.#time,
      applier: this.#applier,
      // What a process that has let go of the run cut short, nobody knows the end of.
      isClosing: () => this.#given !== undefined,
      progress: (progress) => this.#show(ref, progress),
      landed: ({ isLeftBehind }) => this.#landed(key, isLeftBehind),
      failed: (error) => this.#giveUp(error),
    });
    this.#flights.set(key, flight);
  }

  #landed(key: string, isLeftBehind: boolean): void {
    this.#flights.delete(key);
    this.#hasLeftBehind ||= isLeftBehind;
    this.#reconcile();
    this.#rest();
  }

  /** P4. */
  #show(ref: AttemptRef, progress: Progress): void {
    this.#runLog.settled().then(
      () => this.#ports.owner.progress(this.#runLog.run, ref, progress),
      () => {
        // The log is lost, and with it what there was to show.
      },
    );
  }

  // --- facts that nobody waits for

  #tell(make: FactMaker): void {
    this.#runLog.accept(make).catch((error: unknown) => this.#giveUp(error));
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
