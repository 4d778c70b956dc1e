import { VltairError } from '@vltair/protocol';
import { refKey, type Activity } from '../machine/pending.ts';
import type { Invoker, Progress } from '../ports/agent.ts';
import { AttemptContext, type SharedContextPorts } from './attempt-context.ts';
import type { Reply, ResultApplier } from './result-applier.ts';
import type { RunLog } from './run-log.ts';
import type { Job } from './scheduler.ts';
import type { SteadyTime } from './steady-time.ts';

export type AttemptActivity = Extract<Activity, { kind: 'attempt' }>;

/** The same for all runs of a process. */
export interface SharedFlightPorts extends SharedContextPorts {
  readonly invoker: Invoker;
  readonly owner: AttemptQueue;
}

export interface AttemptQueue {
  /** Queues an attempt of the run. */
  submit(run: string, job: Job): { withdraw(): boolean };
}

export interface FlightPorts {
  readonly shared: SharedFlightPorts;
  readonly runLog: RunLog;
  readonly time: SteadyTime;
  readonly applier: ResultApplier;
  readonly isClosing: () => boolean;
  readonly progress: (progress: Progress) => void;
  /** Called once, when nothing of the incarnation is waited for any more. */
  readonly landed: (flight: AttemptFlight) => void;
  /** The outcome could not be applied or recorded. */
  readonly failed: (error: unknown) => void;
}

/** How long an agent may take to return after its signal was aborted; then it is left behind, and what it still returns changes nothing. */
const STOP_GRACE_MS = 10_000;

/**
 * One incarnation of an attempt, from its place in the queue until the log has accepted its outcome.
 *
 * F1 It lands exactly once: when its outcome is accepted, when it is suspended and quiet, when it is withdrawn from the
 *    queue, or when it is left behind. Its worker is free from then on, and calls that its agent left behind are aborted.
 * F2 After it was aborted or has landed, no outcome of it is recorded, unless it was being applied already.
 */
export class AttemptFlight {
  readonly activity: AttemptActivity;
  readonly #ports: FlightPorts;
  readonly #controller = new AbortController();
  readonly #end = Promise.withResolvers<void>();
  readonly #job: { withdraw(): boolean };
  #grace: { cancel(): void } | undefined;
  #context: AttemptContext | undefined;
  #isApplying = false;
  #hasLanded = false;
  #isLeftBehind = false;

  constructor(activity: AttemptActivity, traceId: string, ports: FlightPorts) {
    this.activity = activity;
    this.#ports = ports;
    const { dueTs, priority, concurrencyKey: key } = activity;
    const tenant = ports.runLog.ahead?.tenant;
    this.#job = ports.shared.owner.submit(ports.runLog.run, {
      due: ports.time.monotonicAt(dueTs),
      priority,
      ...(tenant === undefined ? {} : { tenant }),
      ...(key === undefined ? {} : { concurrency: { key, limit: 1 } }),
      run: () => this.#fly(traceId),
    });
  }

  /** Equal for all incarnations of an attempt. */
  get refKey(): string {
    return refKey(this.activity.ref);
  }

  /** The agent has returned; what it returned is on its way into the log. */
  get isApplying(): boolean {
    return this.#isApplying;
  }

  /** It landed although its agent had not returned: something of it may still work. */
  get isLeftBehind(): boolean {
    return this.#isLeftBehind;
  }

  /** Asks the agent to stop; the first reason stands. */
  abort(reason: VltairError): void {
    if (this.#job.withdraw()) return this.#land();
    if (this.#controller.signal.aborted) return;
    this.#grace = this.#ports.shared.clock.after(STOP_GRACE_MS, () => this.leaveBehind());
    this.#controller.abort(reason);
  }

  /** Waits no longer for an agent that does not return. */
  leaveBehind(): void {
    this.#isLeftBehind = true;
    this.#land();
  }

  /** Resolves when it has landed, whatever its agent still does. */
  #fly(traceId: string): Promise<void> {
    void this.#work(traceId).finally(() => this.#land());
    return this.#end.promise;
  }

  async #work(traceId: string): Promise<void> {
    const context = this.#contextOf(traceId);
    this.#context = context;
    const reply = await this.#invoke(context);
    if (context.isSuspended) return await this.#end.promise; // not-a-port: E3, its siblings end first, then it is left
    if (this.#hasLanded || this.#controller.signal.aborted || this.#ports.isClosing()) return;
    this.#isApplying = true;
    const { ref, incarnation } = this.activity;
    try {
      await this.#ports.applier.apply({ ...ref, incarnation }, reply);
    } catch (error) {
      this.#ports.failed(error);
    }
  }

  async #invoke(context: AttemptContext): Promise<Reply> {
    try {
      return { kind: 'returned', value: await this.#ports.shared.invoker.invoke(this.activity.task, context) };
    } catch (error) {
      return { kind: 'threw', error };
    }
  }

  #contextOf(traceId: string): AttemptContext {
    const { ref, incarnation, tree, task } = this.activity;
    const { shared, runLog, time, progress, isClosing } = this.#ports;
    const agent = task.agent ?? '';
    return new AttemptContext(
      { ...ref, agent, incarnation, traceId, tree, signal: this.#controller.signal },
      { shared, runLog, time, progress, isClosing, suspend: () => this.#land() },
    );
  }

  /** F1. */
  #land(): void {
    if (this.#hasLanded) return;
    this.#hasLanded = true;
    this.#grace?.cancel();
    if (this.#context?.isCalling === true) {
      this.#isLeftBehind = true;
      this.#controller.abort(new VltairError('cancelled/run'));
    }
    this.#end.resolve(); // and its place is free, whatever follows
    this.#ports.landed(this);
  }
}
