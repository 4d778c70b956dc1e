import {
  failureOf,
  jsonObjectSchema,
  VltairError,
  type Carry,
  type ErrorReason,
  type Fact,
  type Manifest,
  type RedactionSettings,
  type Workflow,
} from '@vltair/protocol';
import { admit, type Command, type Refusal } from '../machine/admit.ts';
import { carryBefore, carryOf } from '../machine/carry.ts';
import { evolve, fold } from '../machine/evolve.ts';
import { agentsOf, checkFlags, refusePinned, type AgentDigests } from '../machine/pinned.ts';
import { planGraph } from '../machine/plan-graph.ts';
import { hasEnded, type RunState } from '../machine/run-state.ts';
import type { Invoker, WorkspacePort } from '../ports/agent.ts';
import type { Clock } from '../ports/clock.ts';
import { isEndStatus, type EventStore, type InboxCommand, type RunRow } from '../ports/event-store.ts';
import type { EffectGate } from '../ports/gate.ts';
import { SubrunFollower } from './child-runs.ts';
import { answerCommand } from './answer-command.ts';
import type { AppliedTree } from './errand.ts';
import { factsWithClaim } from './facts-with-claim.ts';
import { InboxWatch } from './inbox-watch.ts';
import { makeManifest } from './manifest.ts';
import { isHeld, isRefusal } from './refusal.ts';
import { OpenRuns } from './open-runs.ts';
import { isResting } from './resting.ts';
import { loadState } from './run-log.ts';
import type { RunProcess, RunObserver } from './run-process.ts';
import { Scheduler, type SchedulerMetrics } from './scheduler.ts';
import { RowWatch } from './row-watch.ts';
import { inputOf, type Beginning, type ForkRequest, type StartRequest } from './start-request.ts';
import type { RuntimeCommand } from './runtime-command.ts';
import { Seat } from './seat.ts';
import { SharedKeys } from './shared-keys.ts';
import { SteadyTime } from './steady-time.ts';
import type { StepCounts } from './step-counters.ts';
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

/** Of a shared store: so many runs a worker works on at a time, or so many for each of its places. */
const LEAST_RUNS = 64;
const RUNS_PER_SLOT = 4;
/** So many starts for each of its places it takes at a look. */
const STARTS_PER_SLOT = 2;

/**
 * Runs workflows on one store, as its writer.
 *
 * R1 A run has at most one {@link RunProcess} that works, in a process. R2 Recovery is no special path: load, fold,
 * claim, reconcile. R3 After {@link Runtime.close} nothing of any run works in this process, and every run can be
 * continued by another.
 */
export class Runtime {
  readonly #ports: RuntimePorts;
  readonly #options: RuntimeOptions;
  readonly #time: SteadyTime;
  readonly #scheduler: Scheduler;
  readonly #line: WaitingLine;
  readonly #runs: OpenRuns;
  readonly #resuming = new Map<string, Promise<RunState>>();
  readonly #seat: Seat;
  readonly #keys: SharedKeys | undefined;
  readonly #inbox: InboxWatch;
  readonly #wakes: WakeWatch | undefined;
  /** Where nobody else writes, nobody else moves a run on. */
  readonly #rows: RowWatch | undefined;
  readonly #children: SubrunFollower;
  /** It is draining or closing. */
  #takesOnNothing = false;

  /** @throws VltairError `unavailable/store_locked` when another process owns the store. */
  constructor(ports: RuntimePorts, options: RuntimeOptions) {
    if (ports.store.ownership.kind !== 'writer') throw new VltairError('unavailable/store_locked');
    this.#ports = ports;
    this.#options = options;
    this.#time = new SteadyTime(ports.clock);
    this.#scheduler = new Scheduler(ports.clock, options.concurrency);
    this.#line = new WaitingLine(options.queue ?? {});
    const { store, clock } = ports;
    const { leases } = store;
    this.#seat = this.#takeSeat(ports.store.ownership.epoch);
    const [scheduler, epoch] = [this.#scheduler, () => this.#seat.current()];
    this.#keys = leases === undefined ? undefined : new SharedKeys({ leases, clock, scheduler, epoch });
    this.#inbox = new InboxWatch({
      store,
      clock,
      entries: (without) => this.#commands(without),
      answer: (entry) => answerCommand({ runtime: this, store, clock, keys: this.#keys }, entry),
      warn: (warning) => this.#warn(warning),
    });
    this.#wakes = options.isWorker === true ? this.#watchSleepers() : undefined;
    this.#rows = leases === undefined ? undefined : new RowWatch({ store, clock, seen: (row) => this.#seen(row) });
    this.#children = new SubrunFollower({
      exists: async (run) => (await store.head(run)) !== undefined,
      start: (request) => this.start(request),
      resume: (run) => this.#resumeUnlessHeld(run),
      ended: (run) => this.#during(run, () => this.#runs.until(run, hasEnded)),
      cancel: (run, reason) => this.#cancelUnlessEnded(run, reason),
    });
    this.#runs = this.#openRuns();
  }

  #openRuns(): OpenRuns {
    return new OpenRuns({
      ...this.#ports,
      gate: this.#ports.gate,
      time: this.#time,
      scheduler: this.#keys ?? this.#scheduler,
      redaction: this.#options.redaction ?? {},
      children: this.#children,
      checkLease: () => this.#seat.check(),
      during: (run, doing) => this.#during(run, doing),
      committed: (state) => this.#tellParent(state),
      leftLine: (run) => this.#line.leave(run),
      // A worker that stays keeps nothing of what it has lost; elsewhere somebody may still ask what became of it.
      forgetsLost: this.#options.isWorker === true && this.#rows !== undefined,
      warn: (warning) => this.#warn(warning),
    });
  }

  #takeSeat(epoch: number): Seat {
    const { store, clock } = this.#ports;
    return new Seat(epoch, {
      store,
      clock,
      worker: this.#options.worker,
      isStanding: () => this.#isStanding,
      inUse: () =>
        new Set(
          this.#runs
            .all()
            .map((runProcess) => runProcess.epoch)
            .concat(this.#keys?.epochs ?? []),
        ),
      tell: () => jsonObjectSchema.parse(this.metrics()),
      lost: () => this.#runs.release(new VltairError('unavailable/lease_lost')), // they may be somebody else's from now on
      warn: (warning) => this.#warn(warning),
    });
  }

  /** Resolves when this process may write, with its latest epoch. @throws VltairError `unavailable/lease_lost`, and what the store fails with. */
  async seated(): Promise<number> {
    return await this.#seat.current();
  }

  /** Under which this process writes to a shared store; `undefined` where it is alone. */
  get epochs(): readonly number[] | undefined {
    return this.#ports.store.leases === undefined ? undefined : this.#seat.epochs;
  }

  /** How many more runs this worker takes on, beside those that it works on: what it does not take is left to others. */
  get room(): number {
    if (this.#takesOnNothing) return 0;
    if (this.#ports.store.leases === undefined) return Infinity;
    const working = this.#runs.all().filter((runProcess) => runProcess.isAtWork).length;
    return Math.max(0, Math.max(LEAST_RUNS, RUNS_PER_SLOT * this.#options.concurrency) - working);
  }

  /** Commands that are this process's to answer. */
  async #commands(without: readonly string[]): Promise<readonly InboxCommand[]> {
    const starts = this.#isStanding ? this.#startsAtALook() : LEAST_RUNS;
    return await this.#ports.store.claim({ ...this.#seat.claimant, starts, without });
  }

  /** Few: what waits is shared by all workers that have room. None that the waiting line would refuse. */
  #startsAtALook(): number {
    const { busy, workers } = this.#scheduler.metrics();
    return Math.max(0, Math.min(this.room, STARTS_PER_SLOT * workers, this.#line.places(workers - busy)));
  }

  /** It stays, and takes things on. */
  get #isStanding(): boolean {
    return this.#options.isWorker === true && !this.#takesOnNothing;
  }

  #watchSleepers(): WakeWatch {
    return new WakeWatch({
      store: this.#ports.store,
      clock: this.#ports.clock,
      mine: () => this.epochs,
      now: () => this.#time.now(),
      drop: () => this.#runs.dropSleepers(),
      wake: (run) => this.resume(run),
      warn: (warning) => this.#warn(warning),
    });
  }

  observe(observer: RunObserver): { stop(): void } {
    return this.#runs.observe(observer);
  }

  metrics(): RuntimeMetrics {
    return { ...this.#scheduler.metrics(), ...this.#line.counts, ...this.#runs.counts };
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
    await this.#seat.current();
    const isTaken = this.#runs.working(run) !== undefined || (await this.#ports.store.run(run)) !== undefined;
    if (isTaken || this.#runs.working(run) !== undefined)
      throw new VltairError('invalid_argument/run_exists', { detail: run });
    if (this.#takesOnNothing) throw new VltairError('unavailable/shutting_down');
    const epoch = this.#epochFor(request); // and at once: what was asked before may have another owner by now
    const dropped = request.parent === undefined ? this.#joinLine(run) : undefined;
    const beginning = this.#create({ ...request, input }, { epoch, manifest, inboxId });
    if (dropped === undefined) return await beginning;
    const [begun] = await Promise.all([beginning, this.#drop(dropped)]);
    return begun;
  }

  /** A child begins under the epoch of the run above it: once another worker has taken that one over, it begins no more. */
  #epochFor({ parent }: StartRequest): number {
    if (parent === undefined) return this.#seat.latest();
    const above = this.#runs.working(parent.run);
    if (above === undefined) throw new VltairError('unavailable/fenced', { where: parent.run });
    return above.epoch;
  }

  /** Not for children: they are part of a run that has its place. */
  #joinLine(run: string): string | undefined {
    const { busy, workers } = this.#scheduler.metrics();
    return this.#line.join(run, workers - busy);
  }

  async #create(request: StartRequest, { epoch, manifest, inboxId }: Beginning): Promise<RunState> {
    const { run, workflow, input, traceId, title, joinKey, tenant, tree, parent, forkedFrom, restored } = request;
    const runProcess = this.#begin(run, epoch);
    const optional = {
      ...(joinKey === undefined ? {} : { joinKey }),
      ...(tree === undefined ? {} : { tree }),
      ...(parent === undefined ? {} : { parent }),
      ...(tenant === undefined ? {} : { tenant }),
      ...(forkedFrom === undefined ? {} : { forkedFrom }),
      ...(restored === undefined ? {} : { restored }),
    };
    try {
      return await runProcess.commit(
        () => [{ type: 'run.created', workflow, manifest, input, traceId, title, ...optional }],
        inboxId === undefined ? [] : [inboxId],
      );
    } catch (error) {
      void runProcess.idle().then(() => this.#runs.forget(runProcess)); // its agents may be at work already
      throw error;
    }
  }

  #begin(run: string, epoch: number): RunProcess {
    try {
      return this.#open(run, undefined, epoch);
    } catch (error) {
      this.#line.leave(run);
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
    return this.#runs.working(run) !== undefined || this.#resuming.has(run);
  }

  /** The same, or something of it that was given up still goes on here. */
  isBusyWith(run: string): boolean {
    return this.isWorkingOn(run) || this.#runs.get(run)?.isLettingGo === true;
  }

  /** Why a command could not be answered when it was tried last. */
  keptBecause(commandId: string): VltairError | undefined {
    return this.#inbox.keptBecause(commandId);
  }

  /** Answers at once what other processes have put into the inbox. */
  async answerInbox(): Promise<void> {
    await this.#inbox.turn();
  }

  /**
   * Takes an unfinished run over and continues it from what is recorded. A run that has ended is returned as it is.
   *
   * @throws VltairError `unavailable/run_held` when another living worker of a shared store has it.
   */
  async resume(run: string): Promise<RunState> {
    const working = this.#runs.working(run);
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
      ...(source.tenant === undefined ? {} : { tenant: source.tenant }),
      forkedFrom: { run: from, seq: source.seq, carry },
    };
    return await this.start(request, inboxId);
  }

  /** Resolves when the run has ended, or only people can bring it, or the children that it waits for, on. */
  async rest(run: string): Promise<RunState> {
    return this.#runs.get(run) === undefined
      ? await this.#load(run)
      : await this.#runs.until(run, (state) => isResting(state, (child) => this.#runs.get(child)?.state));
  }

  /** Something that goes on for a run. */
  #during<T>(run: string, doing: () => Promise<T>): Promise<T> {
    return this.#rows === undefined ? doing() : this.#rows.during(run, doing);
  }

  /**
   * Another worker may have brought a run to its end that is awaited here, have died over it, or have taken one over that
   * is at work here.
   */
  async #seen({ run, status, epoch }: RunRow): Promise<void> {
    const working = this.#runs.working(run);
    if (working !== undefined && epoch > working.epoch)
      working.release(new VltairError('unavailable/fenced', { where: run }));
    if (!this.#runs.awaits(run)) return;
    if (isEndStatus(status)) this.#runs.tellWaiters(await this.#load(run));
    else if (working === undefined) await this.#resumeUnlessHeld(run);
  }

  /** As it is, when another living worker has it. */
  async #resumeUnlessHeld(run: string): Promise<RunState> {
    try {
      return await this.resume(run);
    } catch (error) {
      if (!isHeld(error)) throw error;
      return await this.#load(run);
    }
  }

  /** Puts a command to a run, taking the run over when nobody works on it. @throws VltairError with the reason of a refusal. */
  async command(run: string, wish: RuntimeCommand, inboxId?: string): Promise<RunState> {
    if (wish.type === 'cancel' && wish.node === undefined && !this.isWorkingOn(run))
      return await this.#cancelIdle(run, wish, inboxId);
    const command = await this.#commandOf(run, wish);
    const taken = this.isWorkingOn(run) ? undefined : await this.#takeOverWith(run, command, inboxId);
    if (taken !== undefined) return taken;
    const found = await this.#resumeCovered(run);
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

  /** Resumed under an epoch that is not older than the run's, also where the run has ended and is only to be opened again. */
  async #resumeCovered(run: string): Promise<RunState> {
    const found = await this.resume(run);
    if (this.#seat.covers(found.epoch)) return found;
    await this.#seat.above(found.epoch);
    return await this.#resumeCovered(run);
  }

  /** The process that takes the command: an ended run is opened again only for what may reopen it. */
  #processFor(state: RunState, command: Command): RunProcess {
    const { run, ts, epoch, seq } = state;
    const working = this.#runs.working(run);
    if (working !== undefined) return working;
    const admission = admit(state, command);
    if (admission.kind === 'refused') throw new VltairError(admission.reason, { detail: admission.detail });
    this.#checkPinned(evolve(state, { run, ts, epoch, seq: seq + 1, kind: 'fact', payload: admission.fact }));
    return this.#open(run, state, this.#seat.over(state.epoch, hasEnded(state)));
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

  /** A child that has ended meanwhile needs no cancelling; one that another worker has is cancelled by that one. */
  async #cancelUnlessEnded(run: string, reason: string): Promise<void> {
    const state = await this.#resumeUnlessHeld(run);
    if (hasEnded(state) || state.cancel !== undefined || state.ending !== undefined) return;
    const cancel = { type: 'cancel', by: this.#options.worker, reason } as const;
    if (!this.isWorkingOn(run) && this.#rows !== undefined)
      return await this.#sendOwn({ id: `stop-${run}`, run, command: cancel, ts: this.#time.now() });
    try {
      await this.command(run, cancel);
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
    try {
      const state = await this.#takeOverOnce(run, { make, consumes, isPinned: command.type !== 'migrate' });
      return answer.isTaken ? state : undefined;
    } catch (error) {
      // The claim leaves nothing to do for it, as when a deadline has passed: the run goes on from that, and it is refused.
      if (answer.isTaken && isRefusal(error)) await this.resume(run);
      throw error;
    }
  }

  /** Records that a run's change was written into the user's directory; also after the end of the run. */
  async recordApplied(run: string, applied: AppliedTree, inboxId?: string): Promise<void> {
    const found = await this.#resumeCovered(run);
    checkFlags(found);
    const runProcess = this.#runs.working(run) ?? this.#open(run, found, this.#seat.over(found.epoch, hasEnded(found)));
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
    this.#keys?.stop();
    await this.#orGrace(
      graceMs,
      this.#scheduler.idle().then(() => this.#settled()),
    );
  }

  /** Stops everything that is in flight without recording an end, and waits for it at most `graceMs`. Does not close the store. */
  async close(graceMs: number): Promise<void> {
    this.#takesOnNothing = true;
    const answered = this.#inbox.stop();
    this.#keys?.stop();
    this.#wakes?.stop();
    this.#rows?.stop();
    this.#scheduler.stop();
    const reason = new VltairError('unavailable/shutting_down');
    this.#runs.release(reason);
    const landed = [answered, ...this.#runs.all().map((runProcess) => runProcess.idle())];
    if (graceMs > 0) await this.#orGrace(graceMs, Promise.all(landed));
    for (const runProcess of this.#runs.all()) runProcess.abandon();
    await this.#seat.leave();
  }

  async #settled(): Promise<void> {
    await Promise.all(this.#runs.all().map((runProcess) => runProcess.settled()));
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
    const runProcess = this.#runs.get(run);
    if (runProcess !== undefined) await runProcess.idle();
    const state = await this.#load(run);
    const working = this.#runs.working(run);
    if (working !== undefined) return await this.#stateOf(working);
    if (hasEnded(state)) return state;
    if (also === undefined || also.isPinned) this.#checkPinned(state);
    else checkFlags(state);
    await this.#seat.requireFree(run);
    const epoch = await this.#seat.above(state.epoch);
    const isOwn = state.status === 'paused' && this.#seat.epochs.includes(state.epoch);
    if (also === undefined && isOwn) return this.#takeUp(run, state);
    const opened = this.#open(run, state, isOwn ? state.epoch : epoch);
    try {
      return await this.#claim(opened, isOwn, also);
    } catch (error) {
      if (opened.givenUp === undefined) this.#runs.forget(opened);
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
    this.#open(run, state, state.epoch).takeUp();
    this.#runs.tellWaiters(state);
    return state;
  }

  /** A run that this process has let go of while it slept is claimed already. What comes with the claim is judged at its time. */
  #claim(runProcess: RunProcess, isOwn: boolean, also: ClaimedWith | undefined): Promise<RunState> {
    const claim: readonly Fact[] = isOwn ? [] : [{ type: 'run.claimed', worker: this.#options.worker }];
    return runProcess.commit((state) => {
      if (state === undefined || also === undefined) return claim;
      const at = { epoch: runProcess.epoch, ts: this.#time.now() };
      return factsWithClaim(state, claim[0], at, also.make);
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

  #open(run: string, state: RunState | undefined, epoch: number): RunProcess {
    if (this.#takesOnNothing) throw new VltairError('unavailable/shutting_down');
    if (!this.#seat.epochs.includes(epoch)) throw new VltairError('unavailable/lease_lost');
    return this.#runs.open(run, state, epoch);
  }

  /** The run above may be at rest in nobody's memory. */
  #tellParent({ parent, status, run }: RunState): void {
    if (parent === undefined || (status !== 'succeeded' && status !== 'failed' && status !== 'cancelled')) return;
    if (this.#runs.get(parent.run) !== undefined || this.#takesOnNothing) return;
    this.resume(parent.run).catch((error: unknown) => {
      // Whoever opens the store next goes on with the run above, or whoever has it looks after its children.
      if (this.#takesOnNothing) return;
      if (isHeld(error)) return this.#askToTakeUp(parent.run, run);
      this.#warn(`${parent.run} does not hear that ${run} has ended: ${failureOf(error).message}`);
    });
  }

  /** Whoever has the run above may have lost it from its memory, too. */
  #askToTakeUp(parent: string, child: string): void {
    const entry = { id: `ended-${child}`, run: parent, command: { type: 'take_up' }, ts: this.#time.now() };
    this.#sendOwn(entry).catch((error: unknown) =>
      this.#warn(`${parent} does not hear that ${child} has ended: ${failureOf(error).message}`),
    );
  }

  /** For whoever has the run, else for this process. */
  #sendOwn(entry: InboxCommand): Promise<void> {
    return this.#ports.store.send(entry, this.#seat.epochs.at(-1));
  }

  #warn(warning: string): void {
    const { onWarning = (text: string) => process.emitWarning(text) } = this.#options;
    onWarning(warning);
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
