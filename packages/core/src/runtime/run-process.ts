import {
  failure,
  failureOf,
  VltairError,
  type AgentError,
  type AgentResult,
  type AttemptOutcome,
  type AttemptRef,
  type Fact,
  type RunEvent,
} from '@vltair/protocol';
import { activityKey, pending, refKey, type Activity } from '../machine/pending.ts';
import { hasEnded, type RunState } from '../machine/run-state.ts';
import type { Invoker, Progress, WorkspacePort } from '../ports/agent.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStore } from '../ports/event-store.ts';
import { AttemptContext } from './attempt-context.ts';
import { RunLog } from './run-log.ts';
import type { Scheduler } from './scheduler.ts';

export interface RunProcessPorts {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly time: { now(): number };
  readonly scheduler: Scheduler;
  readonly invoker: Invoker;
  readonly workspace: WorkspacePort;
  readonly observer: RunObserver;
  readonly isClosing: () => boolean;
}

/** Who watches. Events are durable when they arrive here; progress frames are lossy. */
export interface RunObserver {
  committed(events: readonly RunEvent[], state: RunState): void;
  progress(run: string, ref: AttemptRef, progress: Progress): void;
}

interface InFlight {
  readonly key: string;
  readonly abort: (reason: VltairError) => void;
}

type AttemptActivity = Extract<Activity, { kind: 'attempt' }>;

/** How long an agent may take to return after its signal was aborted; then it is left behind and its late facts are refused. */
const STOP_GRACE_MS = 10_000;

/**
 * Keeps what is in flight of one run equal to what its state calls for. After every commit it compares
 * {@link pending} with what is in flight and starts or stops the difference; a process that takes over a run does the
 * same with nothing in flight.
 *
 * P1 Results are applied to the workspace one after the other (single writer).
 * P2 After the log is lost nothing starts and everything in flight is aborted.
 */
export class RunProcess {
  readonly #ports: RunProcessPorts;
  readonly #log: RunLog;
  readonly #inFlight = new Map<string, InFlight>();
  readonly #stopping = new Set<string>();
  readonly #timers = new Map<string, { cancel(): void }>();
  #rested = restPromise();
  #isResting = false;
  #applying: Promise<unknown> = Promise.resolve();

  constructor(run: string, epoch: number, state: RunState | undefined, ports: RunProcessPorts) {
    this.#ports = ports;
    this.#log = new RunLog(run, epoch, state, {
      store: ports.store,
      time: ports.time,
      committed: (events, next) => this.#committed(events, next),
    });
  }

  get state(): RunState | undefined {
    return this.#log.state;
  }

  /** Appends facts; for the runtime, which admits commands. */
  async commit(
    make: (state: RunState | undefined) => readonly Fact[],
    consumes: readonly string[] = [],
  ): Promise<RunState> {
    const state = await this.#log.commit(make, consumes);
    if (state === undefined) throw new VltairError('not_found/run', { detail: this.#log.run });
    return state;
  }

  /** Resolves when the run has ended or only a person can bring it on; rejects when this process has lost it. */
  rest(): Promise<RunState> {
    return this.#rested.promise;
  }

  /** Whether anything of the run still works in this process. */
  get isIdle(): boolean {
    return this.#inFlight.size === 0;
  }

  /** Ends what is in flight without recording an end: the next owner continues. */
  release(reason: VltairError): void {
    for (const { abort } of this.#inFlight.values()) abort(reason);
    for (const timer of this.#timers.values()) timer.cancel();
    this.#rested.reject(reason);
  }

  #committed(events: readonly RunEvent[], state: RunState): void {
    this.#ports.observer.committed(events, state);
    this.#reconcile(state);
  }

  // --- keeping what is in flight equal to what is pending

  #reconcile(state: RunState): void {
    if (this.#ports.isClosing()) return;
    const wanted = new Map(pending(state).map((activity) => [activityKey(activity), activity]));
    for (const [key, { abort }] of this.#inFlight) if (!wanted.has(key)) abort(new VltairError('cancelled/run'));
    for (const [key, timer] of this.#timers) if (!wanted.has(key)) this.#forgetTimer(key, timer);
    for (const [key, activity] of wanted) this.#begin(key, activity, state);
    this.#rest(state);
  }

  #rest(state: RunState): void {
    const resting = hasEnded(state) || state.status === 'paused';
    if (resting) this.#rested.resolve(state);
    else if (this.#isResting) this.#rested = restPromise();
    this.#isResting = resting;
  }

  #begin(key: string, activity: Activity, state: RunState): void {
    if (activity.kind === 'attempt') return this.#schedule(key, activity, state.traceId);
    if (activity.kind === 'stop') return this.#stop(activity.ref);
    if (!this.#timers.has(key)) this.#setTimer(key, activity);
  }

  #setTimer(key: string, activity: Extract<Activity, { dueTs: number; kind: 'node_deadline' | 'run_deadline' }>): void {
    const wait = Math.max(0, activity.dueTs - this.#ports.time.now());
    this.#timers.set(
      key,
      this.#ports.clock.after(wait, () => {
        this.#timers.delete(key);
        if (this.#ports.time.now() < activity.dueTs) return this.#setTimer(key, activity);
        this.#tell(() => [{ type: 'timer.fired', timer: timerOf(activity) }]);
      }),
    );
  }

  #forgetTimer(key: string, timer: { cancel(): void }): void {
    timer.cancel();
    this.#timers.delete(key);
  }

  /** Nothing of the attempt may run when its stop is recorded: at once when nothing does, else when it returns or is left behind. */
  #stop(ref: AttemptRef): void {
    const key = refKey(ref);
    if (this.#stopping.has(key)) return;
    this.#stopping.add(key);
    const flying = [...this.#inFlight.keys()].some((active) => active.startsWith(`attempt ${key} `));
    if (!flying) return this.#stopped(ref);
    this.#ports.clock.after(STOP_GRACE_MS, () => this.#stopped(ref));
  }

  #stopped(ref: AttemptRef): void {
    this.#tell((state) => {
      const node = state?.nodes[ref.node];
      const current = node?.status === 'stopping' && node.visit === ref.visit && node.attempt === ref.attempt;
      return current ? [{ type: 'attempt.stopped', node: ref.node, visit: ref.visit, attempt: ref.attempt }] : [];
    });
  }

  // --- attempts

  #schedule(key: string, activity: AttemptActivity, traceId: string): void {
    if (this.#inFlight.has(key)) return;
    const controller = new AbortController();
    const dropped = Promise.withResolvers<undefined>();
    const due = this.#ports.clock.monotonic() + Math.max(0, activity.dueTs - this.#ports.time.now());
    const job = this.#ports.scheduler.submit({
      due,
      run: () => this.#attempt(key, activity, traceId, controller.signal, dropped),
    });
    this.#inFlight.set(key, {
      key,
      abort: (reason) => {
        if (job.withdraw()) this.#landed(key, activity.ref);
        controller.abort(reason);
        this.#ports.clock.after(STOP_GRACE_MS, () => dropped.resolve(undefined));
      },
    });
  }

  async #attempt(
    key: string,
    activity: AttemptActivity,
    traceId: string,
    signal: AbortSignal,
    dropped: PromiseWithResolvers<undefined>,
  ): Promise<void> {
    const { ref, incarnation, task, tree } = activity;
    const context = new AttemptContext(
      { ...ref, incarnation, traceId, tree, signal },
      {
        log: this.#log,
        clock: this.#ports.clock,
        time: this.#ports.time,
        progress: (progress) => this.#ports.observer.progress(this.#log.run, ref, progress),
        isClosing: this.#ports.isClosing,
        suspend: () => dropped.resolve(undefined),
      },
    );
    const invoked = this.#ports.invoker.invoke(task, context).catch((error: unknown) => error);
    const reply = await Promise.race([invoked, dropped.promise]);
    this.#landed(key, ref);
    if (reply === undefined || this.#ports.isClosing() || signal.aborted) return;
    await this.#complete(ref, incarnation, reply).catch((error: unknown) => this.#lose(error));
  }

  #landed(key: string, ref: AttemptRef): void {
    this.#inFlight.delete(key);
    if (this.#stopping.has(refKey(ref))) this.#stopped(ref);
  }

  /** P1. */
  async #complete(ref: AttemptRef, incarnation: number, reply: unknown): Promise<void> {
    const turn = this.#applying.then(() => this.#apply(reply));
    const recorded = turn.then((outcome) =>
      this.#log.commit(() => [{ type: 'attempt.completed', ...ref, incarnation, outcome }]),
    );
    this.#applying = recorded.catch(() => {}); // the failure reaches #complete's caller; the next turn does not depend on it
    await recorded;
  }

  async #apply(reply: unknown): Promise<AttemptOutcome> {
    if (isEnvelope(reply, 'AgentError')) {
      const { error, diagnostics } = reply;
      return { kind: 'error', failure: error, diagnostics };
    }
    if (!isEnvelope(reply, 'AgentResult')) return { kind: 'error', failure: failureOf(reply) };
    const change = reply.payload.delta?.doc;
    const tree = this.#log.state?.tree;
    if (change === undefined) return { kind: 'result', result: reply };
    if (tree === undefined) return { kind: 'error', failure: noWorkspace() };
    const applied = await this.#ports.workspace.apply(tree, change);
    if (applied.kind === 'refused') return { kind: 'error', failure: applied.failure };
    return { kind: 'result', result: reply, treeBefore: tree, treeAfter: applied.tree };
  }

  // --- facts that nobody waits for

  #tell(make: (state: RunState | undefined) => readonly Fact[]): void {
    this.#log.commit(make).catch((error: unknown) => this.#lose(error));
  }

  /** P2. */
  #lose(error: unknown): void {
    const reason = error instanceof VltairError ? error : new VltairError('unavailable/store_failed', { cause: error });
    this.release(reason);
  }
}

/** Whoever waits sees a failure through rest(); nobody has to wait. */
function restPromise(): PromiseWithResolvers<RunState> {
  const rest = Promise.withResolvers<RunState>();
  rest.promise.catch(() => {});
  return rest;
}

function timerOf(activity: Extract<Activity, { kind: 'node_deadline' | 'run_deadline' }>) {
  return activity.kind === 'run_deadline'
    ? { kind: activity.kind }
    : { kind: activity.kind, node: activity.node, visit: activity.visit };
}

function noWorkspace() {
  return failure('invalid_argument/agent_output', { detail: 'a change was proposed in a run without a workspace' });
}

function isEnvelope(reply: unknown, type: 'AgentResult'): reply is AgentResult;
function isEnvelope(reply: unknown, type: 'AgentError'): reply is AgentError;
function isEnvelope(reply: unknown, type: string): boolean {
  return typeof reply === 'object' && reply !== null && 'type' in reply && reply.type === type;
}
