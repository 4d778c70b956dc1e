import { createHash } from 'node:crypto';
import {
  canonicalJson,
  failureOf,
  jsonObjectSchema,
  VltairError,
  workflowSchema,
  type Fact,
  type JsonObject,
  type Manifest,
  type RedactionSettings,
  type RunEvent,
  type Workflow,
} from '@vltair/protocol';
import { z } from 'zod';
import { admit, type Command, type Refusal } from '../machine/admit.ts';
import { planGraph } from '../machine/plan-graph.ts';
import { hasEnded, STATE_SCHEMA, type RunState } from '../machine/run-state.ts';
import type { Invoker, WorkspacePort } from '../ports/agent.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStore, InboxCommand } from '../ports/event-store.ts';
import { InboxWatch } from './inbox-watch.ts';
import { loadState } from './run-log.ts';
import { RunProcess, type RunObserver } from './run-process.ts';
import { Scheduler, type SchedulerMetrics } from './scheduler.ts';
import { SteadyTime } from './steady-time.ts';

export interface RuntimePorts {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly invoker: Invoker;
  readonly workspace: WorkspacePort;
}

export interface RuntimeOptions {
  /** Names this worker in the log. */
  readonly worker: string;
  /** Attempts in flight at a time over all runs; 1 keeps strict order. */
  readonly concurrency: number;
  /** Identity digests of the registered agents, for manifests. */
  readonly agents: Readonly<Record<string, string>>;
  /** How secrets are found in the words of failures before these become events. */
  readonly redaction?: RedactionSettings;
  /** Hears what a person should know but need not stop for, as a sentence; without it, the process warns. */
  readonly onWarning?: (warning: string) => void;
}

export interface StartRequest {
  readonly run: string;
  readonly workflow: Workflow;
  readonly input: JsonObject;
  readonly traceId: string;
  readonly title: string;
  readonly joinKey?: string;
  readonly tree?: string;
}

type Cancel = Extract<Command, { readonly type: 'cancel' }>;

/** Numbers of the behaviour flags that this version knows and sets on new runs; none yet. */
const KNOWN_FLAGS: ReadonlySet<number> = new Set();

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
  readonly #processes = new Map<string, RunProcess>();
  readonly #resuming = new Map<string, Promise<RunState>>();
  readonly #observers = new Set<RunObserver>();
  readonly #snapshotSeqs = new Map<string, number>();
  readonly #epoch: number;
  readonly #inbox: InboxWatch;
  #closing = false;

  /** @throws VltairError `unavailable/store_locked` when another process owns the store. */
  constructor(ports: RuntimePorts, options: RuntimeOptions) {
    if (ports.store.ownership.kind !== 'writer') throw new VltairError('unavailable/store_locked');
    this.#epoch = ports.store.ownership.epoch;
    this.#ports = ports;
    this.#options = options;
    this.#time = new SteadyTime(ports.clock);
    this.#scheduler = new Scheduler(ports.clock, options.concurrency);
    const { store, clock } = ports;
    this.#inbox = new InboxWatch({
      store,
      clock,
      answer: (entry) => this.#answer(entry),
      warn: (warning) => this.#warn(warning),
    });
  }

  observe(observer: RunObserver): { stop(): void } {
    this.#observers.add(observer);
    return { stop: () => this.#observers.delete(observer) };
  }

  metrics(): SchedulerMetrics {
    return this.#scheduler.metrics();
  }

  /**
   * Creates a run and begins it. Resolves when its first events are durable.
   *
   * @throws VltairError for a workflow that cannot run: nothing has been written then.
   */
  async start(request: StartRequest): Promise<RunState> {
    const { run, workflow, input, traceId, title, joinKey, tree } = request;
    planGraph(workflow);
    const manifest = this.#manifestOf(workflow);
    if (this.#working(run) !== undefined) throw new VltairError('invalid_argument/run_exists', { detail: run });
    const runProcess = this.#open(run, undefined);
    const optional = { ...(joinKey === undefined ? {} : { joinKey }), ...(tree === undefined ? {} : { tree }) };
    try {
      return await runProcess.commit(() => [
        { type: 'run.created', workflow, manifest, input, traceId, title, ...optional },
      ]);
    } catch (error) {
      this.#forget(run, runProcess);
      throw error;
    }
  }

  /** Takes an unfinished run over and continues it from what is recorded. A run that has ended is returned as it is. */
  async resume(run: string): Promise<RunState> {
    const working = this.#working(run);
    return await (working === undefined ? this.#takeOverOnce(run) : this.#stateOf(working));
  }

  /** Resolves when the run has ended or waits for a person. */
  async rest(run: string): Promise<RunState> {
    const runProcess = this.#processes.get(run);
    return await (runProcess === undefined ? this.#load(run) : runProcess.rest());
  }

  /** Puts a command to a run, taking the run over when nobody works on it. @throws VltairError with the reason of a refusal. */
  async command(run: string, command: Command, inboxId?: string): Promise<RunState> {
    const isIdle = this.#working(run) === undefined && !this.#resuming.has(run);
    if (command.type === 'cancel' && isIdle) return await this.#cancelIdle(run, command, inboxId);
    await this.resume(run);
    const runProcess = this.#processes.get(run);
    if (runProcess === undefined) throw new VltairError('invalid_argument/run_ended', { detail: run });
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

  /** Claim and cancel are one commit: nothing of the run begins again, whatever version its agents are. */
  async #cancelIdle(run: string, { by, reason }: Cancel, inboxId: string | undefined): Promise<RunState> {
    const id = inboxId === undefined ? {} : { commandId: inboxId };
    const consumes = inboxId === undefined ? [] : [inboxId];
    const state = await this.#takeOverOnce(run, [{ type: 'cancel.requested', by, reason, ...id }], consumes);
    if (state.cancel === undefined)
      throw new VltairError('invalid_argument/run_ended', { detail: `${run} ${state.status}` });
    return state;
  }

  /** Records that a run's change was written into the user's directory; also after the end of the run. */
  async recordApplied(
    run: string,
    applied: { directory: string; treeBefore: string; treeAfter: string; files: string[] },
  ): Promise<void> {
    const state = this.#working(run)?.state ?? (await this.#load(run));
    const runProcess = this.#working(run) ?? this.#open(run, state);
    await runProcess.commit(() => [{ type: 'tree.applied', ...applied }]);
  }

  /** Stops everything that is in flight without recording an end, and waits for it at most `graceMs`. Does not close the store. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    this.#inbox.stop();
    this.#scheduler.stop();
    const reason = new VltairError('unavailable/shutting_down');
    for (const runProcess of this.#processes.values()) runProcess.release(reason);
    if (graceMs > 0) await this.#idle(graceMs);
    for (const runProcess of this.#processes.values()) runProcess.abandon();
  }

  #idle(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const grace = this.#ports.clock.after(graceMs, resolve);
      void Promise.all([...this.#processes.values()].map((runProcess) => runProcess.idle())).then(() => {
        grace.cancel();
        resolve();
      });
    });
  }

  /** R1. Whoever asks meanwhile gets the same answer. */
  #takeOverOnce(run: string, also: readonly Fact[] = [], consumes: readonly string[] = []): Promise<RunState> {
    const underWay = this.#resuming.get(run);
    if (underWay !== undefined) return underWay;
    const takeOver = this.#takeOver(run, also, consumes).finally(() => this.#resuming.delete(run));
    this.#resuming.set(run, takeOver);
    return takeOver;
  }

  /** Loads the run when nothing that was given up works on it any more, and claims it. */
  async #takeOver(run: string, also: readonly Fact[], consumes: readonly string[]): Promise<RunState> {
    const runProcess = this.#processes.get(run);
    if (runProcess !== undefined) await runProcess.idle();
    const state = await this.#load(run);
    const working = this.#working(run);
    if (working !== undefined) return await this.#stateOf(working);
    if (hasEnded(state)) return state;
    if (also.length === 0) this.#checkManifest(state);
    return await this.#claim(this.#open(run, state), also, consumes);
  }

  /** A run is pinned to what it began with: other agents would ask for other effects under the keys of recorded ones. */
  #checkManifest({ run, manifest, cancel }: RunState): void {
    if (cancel !== undefined) return;
    const changed = Object.keys(manifest.agents).filter((agent) => manifest.agents[agent] !== this.#digestOf(agent));
    const newer = manifest.flags.filter((flag) => !KNOWN_FLAGS.has(flag)).map((flag) => `behaviour flag ${flag}`);
    if (changed.length + newer.length === 0) return;
    throw new VltairError('unavailable/other_version', { detail: [...changed, ...newer].join(', '), where: run });
  }

  #digestOf(agent: string): string {
    return this.#options.agents[agent] ?? '';
  }

  #claim(runProcess: RunProcess, also: readonly Fact[], consumes: readonly string[]): Promise<RunState> {
    return runProcess.commit(() => [{ type: 'run.claimed', worker: this.#options.worker }, ...also], consumes);
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
    this.#snapshotSeqs.delete(run);
  }

  #open(run: string, state: RunState | undefined): RunProcess {
    if (this.#closing) throw new VltairError('unavailable/shutting_down');
    const runProcess: RunProcess = new RunProcess(run, this.#epoch, state, {
      ...this.#ports,
      time: this.#time,
      scheduler: this.#scheduler,
      observer: {
        committed: (events, next) => this.#committed(events, next),
        progress: (...frame) => this.#tell((observer) => observer.progress(...frame)),
      },
      isClosing: () => this.#closing,
      redaction: this.#options.redaction ?? {},
      done: () => this.#forget(run, runProcess),
    });
    this.#processes.set(run, runProcess);
    return runProcess;
  }

  #committed(events: readonly RunEvent[], state: RunState): void {
    this.#tell((observer) => observer.committed(events, state));
    const last = this.#snapshotSeqs.get(state.run) ?? 0;
    if (state.seq - last >= SNAPSHOT_EVERY) this.#snapshot(state);
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
    const named = [...new Set(workflow.nodes.map((node) => node.agent))].toSorted();
    const unknown = named.find((agent) => !this.#ports.invoker.has(agent));
    if (unknown !== undefined) throw new VltairError('invalid_argument/unknown_agent', { detail: unknown });
    const agents = Object.fromEntries(named.map((agent) => [agent, this.#digestOf(agent)]));
    return { workflow: sha256(canonicalJson(workflow)), agents, flags: [...KNOWN_FLAGS] };
  }

  // --- commands of other processes

  async #answer(entry: InboxCommand): Promise<void> {
    const command = commandSchema.safeParse(entry.command);
    const row = await this.#ports.store.run(entry.run);
    const isOurs = row !== undefined && row.origin === undefined;
    if (!command.success || !isOurs) return await this.#ports.store.discard([entry.id]);
    await this.command(entry.run, command.data, entry.id);
  }
}

const commandSchema: z.ZodType<Command> = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('cancel'), by: z.string(), reason: z.string() }),
  z.strictObject({
    type: z.literal('resolve'),
    key: z.string(),
    resolution: z.enum(['retry', 'fail']),
    by: z.string(),
  }),
]);

/** A workflow from data that somebody wrote. @throws VltairError `invalid_argument/workflow` naming the field, or a graph error. */
export function parseWorkflow(value: unknown): Workflow {
  const parsed = workflowSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue?.path.map(String).join('.') ?? '';
    throw new VltairError('invalid_argument/workflow', { detail: `${where} ${issue?.message ?? ''}`.trim(), where });
  }
  planGraph(parsed.data);
  return parsed.data;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
