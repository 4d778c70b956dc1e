import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import {
  agentError,
  agentResult,
  failureOf,
  makeRunId,
  makeTraceId,
  workflowSchema,
  type AgentError,
  type AgentResult,
  type AgentTask,
  type DocumentChange,
  type JsonObject,
  type StoredEvent,
  type WorkflowInput,
} from '@vltair/protocol';
import { expect } from 'vitest';
import {
  Runtime,
  systemClock,
  type AgentContext,
  type Clock,
  type EffectGate,
  type EventStore,
  type Invoker,
  type RunState,
  type WaitingLineOptions,
  type WorkspacePort,
} from '../src/index.ts';
import { openReplayedStore } from './replayed-store.ts';

/** What a test's agent does; a thrown error becomes the attempt's failure, as with every agent. */
export type Behaviour = (task: AgentTask, context: AgentContext) => Promise<Reply> | Reply;
interface Reply {
  readonly signal?: string;
  readonly output?: JsonObject;
  readonly change?: DocumentChange;
}

export interface FixtureOptions {
  readonly agents: Readonly<Record<string, Behaviour>>;
  readonly clock?: Clock;
  readonly concurrency?: number;
  readonly queue?: WaitingLineOptions;
  /** Identity digests of the agents. */
  readonly digests?: Readonly<Record<string, string>>;
  readonly workspace?: WorkspacePort;
  /** Opens the store of an earlier fixture again. */
  readonly directory?: string;
  /** What the runtime has in place of the real store: the same one, with faults. */
  readonly faulty?: (store: EventStore) => EventStore;
  readonly commitOn?: 'thread' | 'caller';
  readonly onWarning?: (warning: string) => void;
  readonly gate?: EffectGate;
  readonly isWorker?: boolean;
  /** What every agent replies instead, unchecked; for agents that break their contract. */
  readonly reply?: () => Promise<unknown>;
}

/**
 * A runtime on a real SQLite store in a temporary directory. When it closes or crashes, every run of the store is
 * replayed through the code: a difference fails the test.
 */
export class RunFixture {
  readonly directory: string;
  readonly store: EventStore;
  readonly runtime: Runtime;

  private constructor(directory: string, store: EventStore, runtime: Runtime) {
    this.directory = directory;
    this.store = store;
    this.runtime = runtime;
  }

  static async open(options: FixtureOptions): Promise<RunFixture> {
    const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'vltair-core-')));
    const clock = options.clock ?? systemClock;
    const store = await openReplayedStore({
      directory,
      mode: 'write',
      now: () => clock.now(),
      onWarning: (warning) => expect.fail(warning),
      commitOn: options.commitOn ?? 'thread',
    });
    const { faulty = (same) => same, onWarning = (warning) => expect.fail(warning) } = options;
    const gated = options.gate === undefined ? {} : { gate: options.gate };
    const isWorker = options.isWorker ?? false;
    const runtime = new Runtime(
      {
        store: faulty(store),
        clock,
        invoker: invokerOf(options),
        workspace: options.workspace ?? noWorkspace,
        ...gated,
      },
      {
        worker: 'test',
        concurrency: options.concurrency ?? 8,
        isWorker,
        queue: options.queue ?? {},
        agents: options.digests ?? {},
        onWarning,
      },
    );
    return new RunFixture(directory, store, runtime);
  }

  /** Starts a workflow and gives its run id. */
  async start(workflow: WorkflowInput, start: { input?: JsonObject; tree?: string } = {}): Promise<string> {
    const run = makeRunId(Date.now(), randomBytes(16));
    await this.runtime.start({
      run,
      workflow: workflowSchema.parse(workflow),
      input: start.input ?? {},
      traceId: makeTraceId(randomBytes(16)),
      title: workflow.name,
      ...(start.tree === undefined ? {} : { tree: start.tree }),
    });
    return run;
  }

  /** Starts a workflow and waits until it has ended or waits for a person. */
  async run(workflow: WorkflowInput, start: { input?: JsonObject; tree?: string } = {}): Promise<RunState> {
    return await this.runtime.rest(await this.start(workflow, start));
  }

  async events(run: string): Promise<readonly StoredEvent[]> {
    return await this.store.read(run);
  }

  /** The event types of a run, in order, for tests about the shape of a log. */
  async types(run: string): Promise<readonly string[]> {
    return (await this.events(run)).map((event) => event.payload.type);
  }

  /** Stops as a killed process would: nothing more is recorded. The directory stays, for another fixture. */
  async crash(): Promise<void> {
    await this.runtime.close(0);
    await this.store.close();
  }

  /** Stops and removes the directory. */
  async close(): Promise<void> {
    await this.runtime.close(1_000);
    await this.store.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}

function invokerOf({ agents, reply }: FixtureOptions): Invoker {
  return {
    has: (agent) => Object.hasOwn(agents, agent),
    invoke: (task, context) =>
      reply === undefined
        ? invoke(agents[task.agent ?? ''], task, context)
        : (reply() as ReturnType<Invoker['invoke']>),
  };
}

async function invoke(
  behaviour: Behaviour | undefined,
  task: AgentTask,
  context: AgentContext,
): Promise<AgentResult | AgentError> {
  const agent = task.agent ?? '';
  const envelope = { task, agent, traceId: context.traceId };
  try {
    const { signal = 'success', output = {}, change } = (await behaviour?.(task, context)) ?? {};
    return agentResult({
      ...envelope,
      payload: { signal, output, artifacts: [], ...(change ? { delta: { doc: change } } : {}) },
    });
  } catch (error) {
    return agentError({ ...envelope, failure: failureOf(error) });
  }
}

const noWorkspace: WorkspacePort = {
  apply: () => Promise.reject(new Error('this test has no workspace')),
};
