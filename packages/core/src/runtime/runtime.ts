import {
  canonicalJson,
  failureOf,
  jsonObjectSchema,
  VltairError,
  type Carry,
  type ErrorReason,
  type Fact,
  type Manifest,
  type RedactionSettings,
  type RunEvent,
  type Workflow,
} from '@vltair/protocol';
import { admit, type Command, type Refusal } from '../machine/admit.ts';
import { carryBefore, carryOf } from '../machine/carry.ts';
import { evolve, fold } from '../machine/evolve.ts';
import { agentsOf, checkFlags, refusePinned, type AgentDigests } from '../machine/pinned.ts';
import { planGraph } from '../machine/plan-graph.ts';
import { hasEnded, STATE_SCHEMA, type RunState } from '../machine/run-state.ts';
import type { Invoker, WorkspacePort } from '../ports/agent.ts';
import type { Clock } from '../ports/clock.ts';
import { isEndStatus, type EventStore, type RunRow } from '../ports/event-store.ts';
import type { EffectGate } from '../ports/gate.ts';
import { SubrunFollower } from './child-runs.ts';
import { answerCommand } from './answer-command.ts';
import type { AppliedTree } from './errand.ts';
import { InboxWatch } from './inbox-watch.ts';
import { makeManifest } from './manifest.ts';
import { isResting } from './resting.ts';
import { loadState } from './run-log.ts';
import { RunProcess, type RunObserver } from './run-process.ts';
import { Scheduler, type Job, type SchedulerMetrics } from './scheduler.ts';
import { RowWatch } from './row-watch.ts';
import { RunWaiters } from './run-waiters.ts';
import { inputOf, type ForkRequest, type StartRequest } from './start-request.ts';
import type { RuntimeCommand } from './runtime-command.ts';
import { SteadyTime } from './steady-time.ts';
import { StepCounters, type StepCounts } from './step-counters.ts';
import { WaitingLine, type WaitingLineOptions } from './waiting-line.ts';
import { WakeWatch } from './wake-watch.ts';

export interface RuntimePorts {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly invoker: Invoker;
  readonly workspace: WorkspacePort;
  /** Stands before every call of every agent; absent: nothing is gated. */
  readonly gate?: EffectGate;
}

export interface RuntimeOptions {
  /** Names this worker in the log. */
  readonly worker: string;
  /** Attempts in flight at a time over all runs; 1 keeps strict order. */
  readonly concurrency: number;
  /** How many started runs may wait for their first attempt, and what becomes of one too many. */
  readonly queue?: WaitingLineOptions;
  /** Identity digests of the registered agents, for manifests. */
  readonly agents: AgentDigests;
  /** Takes up every run of the store whose timer is due, and keeps none in memory that sleeps. */
  readonly isWorker?: boolean;
  /** How secrets are found in the words of failures before these become events. */
  readonly redaction?: RedactionSettings;
  /** Hears what a person should know but need not stop for, as a sentence; without it, the process warns. */
  readonly onWarning?: (warning: string) => void;
}

/** The counts since the runtime was opened: `waiting` runs for their first attempt, starts that were `rejected`, runs that were `dropped`. */
export interface RuntimeMetrics extends SchedulerMetrics, StepCounts {
  readonly waiting: number;
  readonly rejected: number;
  readonly dropped: number;
}

type Cancel = Extract<Command, { readonly type: 'cancel' }>;

/** Why a run that is about to end cannot be cancelled. */
const ENDINGS: ReadonlySet<ErrorReason> = new Set<ErrorReason>([
  'invalid_argument/run_ended',
  'invalid_argument/run_ending',
]);

/** Events between two snapshots of a run. */
const SNAPSHOT_EVERY = 500;

/**
 * Runs workflows on one store, as its writer.
 *
 * R1 A run has at most one {@link RunProcess} that works, in a process. R2 Recovery is no special path: load, fold,
 * claim, reconcile. R3 After {@link Runtime.close} nothing of any run works in this process, and every run can be
 * continued by another. R4 An observer that throws is told nothing any more; the runs go on.
 */
export class Runtime {
  readonly #ports: RuntimePorts;
  readonly #options: RuntimeOptions;
  readonly #time: SteadyTime;
  readonly #scheduler: Scheduler;
  readonly #line: WaitingLine;
  readonly #counters = new StepCounters();
  readonly #processes = new Map<string, RunProcess>();
  readonly #resuming = new Map<string, Promise<RunState>>();
  readonly #observers = new Set<RunObserver>();
  readonly #snapshotSeqs = new Map<string, number>();
  readonly #epoch: number;
  readonly #inbox: InboxWatch;
  readonly #wakes: WakeWatch | undefined;
  /** Where nobody else writes, nobody else moves a run on. */
  readonly #rows: RowWatch | undefined;
  readonly #children: SubrunFollower;
  readonly #waiters = new RunWaiters();
  /** It is draining or closing. */
  #takesOnNothing = false;
  #closing = false;

  /** @throws VltairError `unavailable/store_locked` when another process owns the store. */
  constructor(ports: RuntimePorts, options: RuntimeOptions) {
    if (ports.store.ownership.kind !== 'writer') throw new VltairError('unavailable/store_locked');
    const { epoch, isShared } = ports.store.ownership;
    this.#epoch = epoch;
    this.#ports = ports;
    this.#options = options;
    this.#time = new SteadyTime(ports.clock);
    this.#scheduler = new Scheduler(ports.clock, options.concurrency);
    this.#line = new WaitingLine(options.queue ?? {});
    const { store, clock } = ports;
    this.#inbox = new InboxWatch({
      store,
      clock,
      answer: (entry) => answerCommand({ runtime: this, store, clock }, entry),
      warn: (warning) => this.#warn(warning),
    });
    this.#wakes = options.isWorker === true ? this.#watchSleepers() : undefined;
    this.#rows = isShared ? new RowWatch({ store, clock, seen: (row) => this.#seen(row) }) : undefined;
    this.#children = new SubrunFollower({
      exists: async (run) => (await store.head(run)) !== undefined,
      start: (request) => this.start(request),
      resume: (run) => this.resume(run),
      ended: (run) => this.#during(run, () => this.#until(run, hasEnded)),
      cancel: (run, reason) => this.#cancelUnlessEnded(run, reason),
    });
  }

  #watchSleepers(): WakeWatch {
    return new WakeWatch({
      store: this.#ports.store,
      clock: this.#ports.clock,
      now: () => this.#time.now(),
      drop: () => this.#dropSleepers(),
      wake: (run) => this.resume(run),
      warn: (warning) => this.#warn(warning),
      isAlone: this.#ports.store.ownership.kind === 'writer' && !this.#ports.store.ownership.isShared,
    });
  }

  #dropSleepers(): void {
    for (const [run, runProcess] of this.#processes)
      if (runProcess.isAsleep) runProcess.letGo(() => this.#forget(run, runProcess));
  }

  observe(observer: RunObserver): { stop(): void } {
    this.#observers.add(observer);
    return { stop: () => this.#observers.delete(observer) };
  }

  metrics(): RuntimeMetrics {
    return { ...this.#scheduler.metrics(), ...this.#line.counts, ...this.#counters.counts };
  }

  /**
   * Creates a run and begins it. Resolves when its first events are durable.
   *
   * @throws VltairError for a workflow that cannot run, and `queue_full/scheduler`: nothing has been written then.
   */
  async start(request: StartRequest, inboxId?: string): Promise<RunState> {
    const { run, workflow } = request;
    planGraph(workflow);
    const input = inputOf(request);
    const manifest = this.#manifestOf(workflow);
    const isTaken = this.#working(run) !== undefined || (await this.#ports.store.run(run)) !== undefined;
    if (isTaken || this.#working(run) !== undefined)
      throw new VltairError('invalid_argument/run_exists', { detail: run });
    if (this.#takesOnNothing) throw new VltairError('unavailable/shutting_down');
    const dropped = request.parent === undefined ? this.#joinLine(run) : undefined;
    const beginning = this.#create({ ...request, input }, manifest, inboxId);
    if (dropped === undefined) return await beginning;
    const [begun] = await Promise.all([beginning, this.#drop(dropped)]);
    return begun;
  }

  /** Not for children: they are part of a run that has its place. */
  #joinLine(run: string): string | undefined {
    const { busy, workers } = this.#scheduler.metrics();
    return this.#line.join(run, workers - busy);
  }

  async #create(request: StartRequest, manifest: Manifest, inboxId: string | undefined): Promise<RunState> {
    const { run, workflow, input, traceId, title, joinKey, tree, parent, forkedFrom, restored } = request;
    const runProcess = this.#open(run, undefined);
    const optional = {
      ...(joinKey === undefined ? {} : { joinKey }),
      ...(tree === undefined ? {} : { tree }),
      ...(parent === undefined ? {} : { parent }),
      ...(forkedFrom === undefined ? {} : { forkedFrom }),
      ...(restored === undefined ? {} : { restored }),
    };
    try {
      return await runProcess.commit(
        () => [{ type: 'run.created', workflow, manifest, input, traceId, title, ...optional }],
        inboxId === undefined ? [] : [inboxId],
      );
    } catch (error) {
      this.#forget(run, runProcess);
      throw error;
    }
  }

  /** Its first attempt has not begun: the cancellation ends it at once. */
  async #drop(run: string): Promise<void> {
    try {
      await this.command(run, { type: 'cancel', by: 'scheduler', reason: 'dropped: the queue is full' });
    } catch (error) {
      if (error instanceof VltairError && ENDINGS.has(error.reason)) return; // its place is free all the same
      this.#warn(`${run} has lost its place in the queue, and could not be ended: ${failureOf(error).message}`);
    }
  }

  /** Whether a process of this runtime works on the run. */
  isWorkingOn(run: string): boolean {
    return this.#working(run) !== undefined || this.#resuming.has(run);
  }

  /** Answers at once what other processes have put into the inbox. */
  async answerInbox(): Promise<void> {
    await this.#inbox.turn();
  }

  /** Takes an unfinished run over and continues it from what is recorded. A run that has ended is returned as it is. */
  async resume(run: string): Promise<RunState> {
    const working = this.#working(run);
    return await (working === undefined ? this.#takeOverOnce(run) : this.#stateOf(working));
  }

  /**
   * Begins a run with what another one had come to before `node`.
   *
   * @throws VltairError `not_found/run`, `not_found/node`, and what {@link Runtime.start} throws.
   */
  async fork({ run, from, node, traceId, input, workflow }: ForkRequest, inboxId?: string): Promise<RunState> {
    const source = await this.#load(from);
    const graph = workflow ?? source.workflow;
    if (!source.workflow.nodes.some(({ id }) => id === node) || !graph.nodes.some(({ id }) => id === node))
      throw new VltairError('not_found/node', { detail: node, where: from });
    const carry = carryBefore(source, node);
    const request: StartRequest = {
      run,
      workflow: graph,
      input: input ?? source.input,
      traceId,
      title: `${source.title}, from ${node}`,
      ...(carry.tree === undefined ? {} : { tree: carry.tree }),
      forkedFrom: { run: from, seq: source.seq, carry },
    };
    return await this.start(request, inboxId);
  }

  /** Resolves when the run has ended, or only people can bring it, or the children that it waits for, on. */
  async rest(run: string): Promise<RunState> {
    return this.#working(run) === undefined && !this.#processes.has(run)
      ? await this.#load(run)
      : await this.#until(run, (state) => isResting(state, (child) => this.#processes.get(child)?.state));
  }

  /** Resolves with the first state that fits. Rejects when this process works on the run no longer. */
  #until(run: string, fits: (state: RunState) => boolean): Promise<RunState> {
    const runProcess = this.#processes.get(run);
    const state = runProcess?.state;
    if (runProcess?.givenUp !== undefined) return Promise.reject(runProcess.givenUp);
    return state !== undefined && fits(state) ? Promise.resolve(state) : this.#waiters.until(run, fits);
  }

  /** Something that goes on for a run. */
  #during<T>(run: string, doing: () => Promise<T>): Promise<T> {
    return this.#rows === undefined ? doing() : this.#rows.during(run, doing);
  }

  /** Another worker may have brought a run to its end that is awaited here, or have taken one over that is at work here. */
  async #seen({ run, status, epoch }: RunRow): Promise<void> {
    if (isEndStatus(status) && this.#waiters.awaits(run)) this.#waiters.tell(await this.#load(run));
    if (epoch > this.#epoch) this.#working(run)?.release(new VltairError('unavailable/fenced', { where: run }));
  }

  /** Puts a command to a run, taking the run over when nobody works on it. @throws VltairError with the reason of a refusal. */
  async command(run: string, wish: RuntimeCommand, inboxId?: string): Promise<RunState> {
    if (wish.type === 'cancel' && wish.node === undefined && !this.isWorkingOn(run))
      return await this.#cancelIdle(run, wish, inboxId);
    const command = await this.#commandOf(run, wish);
    const taken = this.isWorkingOn(run) ? undefined : await this.#takeOverWith(run, command, inboxId);
    if (taken !== undefined) return taken;
    const found = await this.resume(run);
    const runProcess = this.#processFor(found, command); // and at once: a process without work forgets its run
    const answer: { refusal?: Refusal } = {};
    const make = (current: RunState | undefined): readonly Fact[] => {
      const admission = current === undefined ? undefined : admit(current, command, inboxId);
      if (admission?.kind === 'refused') answer.refusal = admission;
      return admission?.kind === 'admitted' ? [admission.fact] : [];
    };
    const state = await runProcess.commit(make, inboxId === undefined ? [] : [inboxId]);
    if (answer.refusal === undefined) return state;
    throw new VltairError(answer.refusal.reason, { detail: answer.refusal.detail });
  }

  /** The process that takes the command: an ended run is opened again only for what may reopen it. */
  #processFor(state: RunState, command: Command): RunProcess {
    const { run } = state;
    const working = this.#working(run);
    if (working !== undefined) return working;
    const admission = admit(state, command);
    if (admission.kind === 'refused') throw new VltairError(admission.reason, { detail: admission.detail });
    const { ts, epoch, seq } = state;
    this.#checkPinned(evolve(state, { run, ts, epoch, seq: seq + 1, kind: 'fact', payload: admission.fact }));
    return this.#open(run, state);
  }

  async #commandOf(run: string, wish: RuntimeCommand): Promise<Command> {
    if (wish.type === 'rollback') return { ...wish, carry: await this.#carryAt(run, wish.toSeq) };
    return wish.type === 'migrate' ? { ...wish, manifest: this.#manifestOf(wish.workflow) } : wish;
  }

  async #carryAt(run: string, toSeq: number): Promise<Carry> {
    const events = await this.#ports.store.read(run);
    const state = fold(events.filter(({ seq }) => seq <= toSeq));
    if (state === undefined || toSeq > events.length)
      throw new VltairError('invalid_argument/usage', { detail: `${run} has events 1 to ${events.length}` });
    return carryOf(state);
  }

  /** A child that has ended meanwhile needs no cancelling. */
  async #cancelUnlessEnded(run: string, reason: string): Promise<void> {
    const state = await this.resume(run);
    if (hasEnded(state) || state.cancel !== undefined || state.ending !== undefined) return;
    try {
      await this.command(run, { type: 'cancel', by: this.#options.worker, reason });
    } catch (error) {
      if (!(error instanceof VltairError) || !ENDINGS.has(error.reason)) throw error;
      // It has come to its end since it was looked at: that is what was wanted.
    }
  }

  /** Claim and cancel are one commit: nothing of the run begins again, whatever version its agents are. */
  async #cancelIdle(run: string, { by, reason }: Cancel, inboxId: string | undefined): Promise<RunState> {
    const id = inboxId === undefined ? {} : { commandId: inboxId };
    const consumes = inboxId === undefined ? [] : [inboxId];
    const answer = { isTaken: false };
    const cancel = (): readonly Fact[] => {
      answer.isTaken = true;
      return [{ type: 'cancel.requested', by, reason, ...id }];
    };
    const state = await this.#takeOverOnce(run, { make: cancel, consumes, isPinned: false });
    if (answer.isTaken) return state;
    if (hasEnded(state)) throw new VltairError('invalid_argument/run_ended', { detail: `${run} ${state.status}` });
    return await this.command(run, { type: 'cancel', by, reason }, inboxId);
  }

  /**
   * Claim and command are one commit: nothing of the run begins before the command is judged, and one that is refused
   * leaves the run as it was. `undefined`: the run has ended, or is worked on here meanwhile.
   */
  async #takeOverWith(run: string, command: Command, inboxId: string | undefined): Promise<RunState | undefined> {
    const answer = { isTaken: false };
    const make = (state: RunState): readonly Fact[] => {
      const admission = admit(state, command, inboxId);
      if (admission.kind === 'refused') throw new VltairError(admission.reason, { detail: admission.detail });
      answer.isTaken = true;
      return [admission.fact];
    };
    const consumes = inboxId === undefined ? [] : [inboxId];
    const state = await this.#takeOverOnce(run, { make, consumes, isPinned: command.type !== 'migrate' });
    return answer.isTaken ? state : undefined;
  }

  /** Records that a run's change was written into the user's directory; also after the end of the run. */
  async recordApplied(run: string, applied: AppliedTree, inboxId?: string): Promise<void> {
    const found = await this.resume(run);
    checkFlags(found);
    const runProcess = this.#working(run) ?? this.#open(run, found);
    const fact: Fact = { type: 'tree.applied', ...applied, files: [...applied.files] };
    await runProcess.commit(() => [fact], inboxId === undefined ? [] : [inboxId]);
  }

  /**
   * Begins no attempt and takes on no run any more; resolves when what is in flight has landed, or after `graceMs`. What
   * others put to runs that are worked on here is answered meanwhile, anything else is left to the next owner.
   */
  async drain(graceMs: number): Promise<void> {
    this.#takesOnNothing = true;
    this.#wakes?.stop();
    this.#scheduler.stop();
    await this.#orGrace(graceMs, this.#scheduler.idle());
  }

  /** Stops everything that is in flight without recording an end, and waits for it at most `graceMs`. Does not close the store. */
  async close(graceMs: number): Promise<void> {
    this.#takesOnNothing = true;
    this.#closing = true;
    void this.#inbox.stop();
    this.#wakes?.stop();
    this.#rows?.stop();
    this.#scheduler.stop();
    const reason = new VltairError('unavailable/shutting_down');
    for (const runProcess of this.#processes.values()) runProcess.release(reason);
    const landed = [...this.#processes.values()].map((runProcess) => runProcess.idle());
    if (graceMs > 0) await this.#orGrace(graceMs, Promise.all(landed));
    for (const runProcess of this.#processes.values()) runProcess.abandon();
  }

  /** Resolves when `landing` does, which never rejects, or after `graceMs`. */
  #orGrace(graceMs: number, landing: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const grace = this.#ports.clock.after(graceMs, resolve);
      void landing.then(() => {
        grace.cancel();
        resolve();
      });
    });
  }

  /** R1. Whoever asks meanwhile gets the same answer. */
  #takeOverOnce(run: string, also?: ClaimedWith): Promise<RunState> {
    const underWay = this.#resuming.get(run);
    if (underWay !== undefined) return underWay;
    const takeOver = this.#takeOver(run, also).finally(() => this.#resuming.delete(run));
    this.#resuming.set(run, takeOver);
    return takeOver;
  }

  /** Loads the run when nothing that was given up works on it any more, and claims it. */
  async #takeOver(run: string, also: ClaimedWith | undefined): Promise<RunState> {
    const runProcess = this.#processes.get(run);
    if (runProcess !== undefined) await runProcess.idle();
    const state = await this.#load(run);
    const working = this.#working(run);
    if (working !== undefined) return await this.#stateOf(working);
    if (hasEnded(state)) return state;
    if (also === undefined || also.isPinned) this.#checkPinned(state);
    else checkFlags(state);
    const isOwn = state.status === 'paused' && state.epoch === this.#epoch;
    if (also === undefined && isOwn) return this.#takeUp(run, state);
    const opened = this.#open(run, state);
    try {
      return await this.#claim(opened, isOwn, also);
    } catch (error) {
      if (opened.givenUp === undefined) this.#forget(run, opened);
      throw error;
    }
  }

  /** A run goes on with what its manifest pins, or not here. */
  #checkPinned(state: RunState): void {
    const refusal = refusePinned(state, this.#options.agents);
    if (refusal !== undefined) throw new VltairError(refusal.reason, { detail: refusal.detail, where: state.run });
  }

  /** A run that this process has let go of while it slept. */
  #takeUp(run: string, state: RunState): RunState {
    this.#open(run, state).takeUp();
    this.#tellWaiters(state);
    return state;
  }

  /** A run that this process has let go of while it slept is claimed already. What comes with the claim is judged at its time. */
  #claim(runProcess: RunProcess, isOwn: boolean, also: ClaimedWith | undefined): Promise<RunState> {
    const claim: readonly Fact[] = isOwn ? [] : [{ type: 'run.claimed', worker: this.#options.worker }];
    return runProcess.commit((state) => {
      if (state === undefined || also === undefined) return claim;
      return [...claim, ...also.make({ ...state, ts: Math.max(state.ts, this.#time.now()) })];
    }, also?.consumes);
  }

  /** The state after all that is on its way into the log. */
  #stateOf(runProcess: RunProcess): Promise<RunState> {
    return runProcess.commit(() => []);
  }

  async #load(run: string): Promise<RunState> {
    const state = await loadState(this.#ports.store, run, (warning) => this.#warn(warning));
    if (state === undefined) throw new VltairError('not_found/run', { detail: run });
    return state;
  }

  /** The process that works on the run; `undefined` also for one that has given it up. */
  #working(run: string): RunProcess | undefined {
    const runProcess = this.#processes.get(run);
    return runProcess?.givenUp === undefined ? runProcess : undefined;
  }

  #forget(run: string, runProcess: RunProcess): void {
    if (this.#processes.get(run) === runProcess) this.#processes.delete(run);
    this.#line.leave(run);
    this.#snapshotSeqs.delete(run);
  }

  #open(run: string, state: RunState | undefined): RunProcess {
    if (this.#takesOnNothing) throw new VltairError('unavailable/shutting_down');
    const runProcess: RunProcess = new RunProcess(run, this.#epoch, state, {
      ...this.#ports,
      time: this.#time,
      scheduler: { submit: (job) => this.#submit(run, job) },
      observer: {
        committed: (events, next) => this.#committed(events, next),
        progress: (...frame) => this.#tell((observer) => observer.progress(...frame)),
      },
      isClosing: () => this.#closing,
      redaction: this.#options.redaction ?? {},
      gate: this.#ports.gate,
      children: this.#children,
      done: () => this.#forget(run, runProcess),
      gaveUp: (error) => this.#waiters.fail(run, error),
    });
    this.#processes.set(run, runProcess);
    return runProcess;
  }

  #submit(run: string, job: Job): { withdraw(): boolean } {
    const { clock } = this.#ports;
    const work = (): Promise<void> => {
      const begun = clock.monotonic();
      this.#line.leave(run);
      this.#counters.began();
      return this.#during(run, () => job.run()).finally(() => this.#counters.took(clock.monotonic() - begun));
    };
    return this.#scheduler.submit({ ...job, run: work });
  }

  #committed(events: readonly RunEvent[], state: RunState): void {
    this.#counters.committed(events);
    this.#tell((observer) => observer.committed(events, state));
    this.#tellWaiters(state);
    this.#tellParent(state);
    const last = this.#snapshotSeqs.get(state.run) ?? 0;
    if (state.seq - last >= SNAPSHOT_EVERY) this.#snapshot(state);
  }

  /** A change of one run may be what those wait for who wait for the run above it. */
  #tellWaiters(state: RunState): void {
    for (let each: RunState | undefined = state; each !== undefined;) {
      this.#waiters.tell(each);
      each = each.parent === undefined ? undefined : this.#processes.get(each.parent.run)?.state;
    }
  }

  /** The run above may be at rest in nobody's memory. */
  #tellParent({ parent, status, run }: RunState): void {
    if (parent === undefined || (status !== 'succeeded' && status !== 'failed' && status !== 'cancelled')) return;
    if (this.#processes.has(parent.run) || this.#takesOnNothing) return;
    this.resume(parent.run).catch((error: unknown) => {
      if (this.#takesOnNothing) return; // whoever opens the store next goes on with the run above
      this.#warn(`${parent.run} does not hear that ${run} has ended: ${failureOf(error).message}`);
    });
  }

  /** R4. */
  #tell(notice: (observer: RunObserver) => void): void {
    for (const observer of this.#observers) {
      try {
        notice(observer);
      } catch (error) {
        this.#observers.delete(observer);
        this.#warn(`an observer failed and is told nothing any more: ${failureOf(error).message}`);
      }
    }
  }

  #warn(warning: string): void {
    const { onWarning = (text: string) => process.emitWarning(text) } = this.#options;
    onWarning(warning);
  }

  /** A snapshot only shortens the next start: when it cannot be saved, the log alone serves. */
  #snapshot(state: RunState): void {
    this.#snapshotSeqs.set(state.run, state.seq);
    const save = async (): Promise<void> => {
      const head = await this.#ports.store.head(state.run);
      if (head?.seq !== state.seq) return;
      const { run, seq } = state;
      await this.#ports.store.saveSnapshot({
        run,
        seq,
        hash: head.hash,
        schema: STATE_SCHEMA,
        state: jsonObjectSchema.parse(JSON.parse(canonicalJson(state))),
      });
    };
    save().catch(() => {
      // The log itself is intact, and the append that comes next reports what is wrong with the store.
    });
  }

  #manifestOf(workflow: Workflow): Manifest {
    const unknown = [...agentsOf(workflow)].toSorted().find((agent) => !this.#ports.invoker.has(agent));
    if (unknown !== undefined) throw new VltairError('invalid_argument/unknown_agent', { detail: unknown });
    return makeManifest(workflow, this.#options.agents);
  }
}

/** What is appended together with the claim of a run, and the commands that it answers. */
interface ClaimedWith {
  readonly make: (state: RunState) => readonly Fact[];
  readonly consumes: readonly string[];
  /** Only where the run may go on with the agents that it is pinned to. */
  readonly isPinned: boolean;
}
