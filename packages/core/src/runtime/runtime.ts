import { createHash } from 'node:crypto';
import {
  canonicalJson,
  VltairError,
  workflowSchema,
  type AttemptRef,
  type JsonObject,
  type Manifest,
  type RunEvent,
  type Workflow,
} from '@vltair/protocol';
import { z } from 'zod';
import { admit, type Command } from '../machine/admit.ts';
import { planGraph } from '../machine/plan-graph.ts';
import { hasEnded, STATE_SCHEMA, type RunState } from '../machine/run-state.ts';
import type { Invoker, Progress, WorkspacePort } from '../ports/agent.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStore, InboxCommand } from '../ports/event-store.ts';
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

/** How often the inbox is looked at while this process owns the store. */
const INBOX_INTERVAL_MS = 100;

/** Events between two snapshots of a run. */
const SNAPSHOT_EVERY = 500;

/**
 * Runs workflows on one store, as its writer.
 *
 * R1 A run has at most one {@link RunProcess} in a process. R2 Recovery is no special path: load, fold, claim, reconcile.
 * R3 After {@link Runtime.close} nothing of any run works in this process, and every run can be continued by another.
 */
export class Runtime {
  readonly #ports: RuntimePorts;
  readonly #options: RuntimeOptions;
  readonly #time: SteadyTime;
  readonly #scheduler: Scheduler;
  readonly #processes = new Map<string, RunProcess>();
  readonly #observers = new Set<RunObserver>();
  readonly #snapshotSeqs = new Map<string, number>();
  readonly #epoch: number;
  #inboxTimer: { cancel(): void } | undefined;
  #closing = false;

  /** @throws VltairError `unavailable/store_locked` when another process owns the store. */
  constructor(ports: RuntimePorts, options: RuntimeOptions) {
    if (ports.store.ownership.kind !== 'writer') throw new VltairError('unavailable/store_locked');
    this.#epoch = ports.store.ownership.epoch;
    this.#ports = ports;
    this.#options = options;
    this.#time = new SteadyTime(ports.clock);
    this.#scheduler = new Scheduler(ports.clock, options.concurrency);
    this.#watchInbox();
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
    const process = this.#open(run, undefined);
    const optional = { ...(joinKey === undefined ? {} : { joinKey }), ...(tree === undefined ? {} : { tree }) };
    return await process.commit(() => [
      { type: 'run.created', workflow, manifest, input, traceId, title, ...optional },
    ]);
  }

  /** Takes an unfinished run over and continues it from what is recorded. A run that has ended is returned as it is. */
  async resume(run: string): Promise<RunState> {
    const open = this.#processes.get(run)?.state;
    if (open !== undefined) return open;
    const state = await loadState(this.#ports.store, run);
    if (state === undefined) throw new VltairError('not_found/run', { detail: run });
    if (hasEnded(state)) return state;
    const process = this.#open(run, state);
    return await process.commit(() => [{ type: 'run.claimed', worker: this.#options.worker }]);
  }

  /** Resolves when the run has ended or waits for a person. */
  async rest(run: string): Promise<RunState> {
    const process = this.#processes.get(run);
    if (process !== undefined) return await process.rest();
    const state = await loadState(this.#ports.store, run);
    if (state === undefined) throw new VltairError('not_found/run', { detail: run });
    return state;
  }

  /** Puts a command to a run, taking the run over when nobody works on it. @throws VltairError with the reason of a refusal. */
  async command(run: string, command: Command, inboxId?: string): Promise<RunState> {
    const state = await this.resume(run);
    const process = this.#processes.get(run);
    const refused = admit(process?.state ?? state, command, inboxId);
    if (process === undefined || refused.kind === 'refused') throw refusalError(refused);
    return await process.commit(
      (current) => {
        const admission = current === undefined ? undefined : admit(current, command, inboxId);
        return admission?.kind === 'admitted' ? [admission.fact] : [];
      },
      inboxId === undefined ? [] : [inboxId],
    );
  }

  /** Records that a run's change was written into the user's directory; also after the end of the run. */
  async recordApplied(
    run: string,
    applied: { directory: string; treeBefore: string; treeAfter: string; files: string[] },
  ): Promise<void> {
    const state = this.#processes.get(run)?.state ?? (await loadState(this.#ports.store, run));
    const process = this.#processes.get(run) ?? this.#open(run, state);
    await process.commit(() => [{ type: 'tree.applied', ...applied }]);
  }

  /** Stops everything that is in flight without recording an end, and waits for it at most `graceMs`. Does not close the store. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    this.#inboxTimer?.cancel();
    this.#scheduler.stop();
    const reason = new VltairError('unavailable/shutting_down');
    for (const process of this.#processes.values()) process.release(reason);
    await this.#idle(graceMs);
  }

  #idle(graceMs: number): Promise<void> {
    const until = this.#ports.clock.monotonic() + graceMs;
    return new Promise((resolve) => {
      const look = (): void => {
        const idle = [...this.#processes.values()].every((process) => process.isIdle);
        if (idle || this.#ports.clock.monotonic() >= until) resolve();
        else this.#ports.clock.after(5, look);
      };
      look();
    });
  }

  #open(run: string, state: RunState | undefined): RunProcess {
    if (this.#closing) throw new VltairError('unavailable/shutting_down');
    const process = new RunProcess(run, this.#epoch, state, {
      ...this.#ports,
      time: this.#time,
      scheduler: this.#scheduler,
      observer: {
        committed: (events, next) => this.#committed(events, next),
        progress: (...frame) => this.#progress(...frame),
      },
      isClosing: () => this.#closing,
    });
    this.#processes.set(run, process);
    return process;
  }

  #committed(events: readonly RunEvent[], state: RunState): void {
    for (const observer of this.#observers) observer.committed(events, state);
    const last = this.#snapshotSeqs.get(state.run) ?? 0;
    if (state.seq - last >= SNAPSHOT_EVERY) this.#snapshot(state);
  }

  #progress(run: string, ref: AttemptRef, progress: Progress): void {
    for (const observer of this.#observers) observer.progress(run, ref, progress);
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
        state: state as unknown as JsonObject,
      });
    };
    save().catch(() => {}); // the log itself is intact, and the append that made it reports what is wrong with the store
  }

  #manifestOf(workflow: Workflow): Manifest {
    const named = [...new Set(workflow.nodes.map((node) => node.agent))].toSorted();
    const unknown = named.find((agent) => !this.#ports.invoker.has(agent));
    if (unknown !== undefined) throw new VltairError('invalid_argument/unknown_agent', { detail: unknown });
    const agents = Object.fromEntries(named.map((agent) => [agent, this.#options.agents[agent] ?? '']));
    return { workflow: sha256(canonicalJson(workflow)), agents, flags: [] };
  }

  // --- commands of other processes

  #watchInbox(): void {
    if (this.#closing) return;
    this.#inboxTimer = this.#ports.clock.after(INBOX_INTERVAL_MS, () => {
      void this.#drainInbox().finally(() => this.#watchInbox());
    });
  }

  async #drainInbox(): Promise<void> {
    try {
      for (const entry of await this.#ports.store.inbox()) await this.#answer(entry);
    } catch (error) {
      if (!(error instanceof VltairError)) throw error; // a store that cannot be read now is read again at the next turn
    }
  }

  async #answer(entry: InboxCommand): Promise<void> {
    const command = commandSchema.safeParse(entry.command);
    if (!command.success) return await this.#ports.store.discard([entry.id]);
    try {
      await this.command(entry.run, command.data, entry.id);
    } catch (error) {
      if (!(error instanceof VltairError)) throw error;
      await this.#ports.store.discard([entry.id]); // refused: the sender sees that nothing changed
    }
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

function refusalError(answer: ReturnType<typeof admit>): VltairError {
  return answer.kind === 'refused'
    ? new VltairError(answer.reason, { detail: answer.detail })
    : new VltairError('invalid_argument/run_ended');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
