import { randomBytes } from 'node:crypto';
import {
  agentResult,
  makeRunId,
  makeTraceId,
  workflowSchema,
  type JsonObject,
  type WorkflowInput,
} from '@vltair/protocol';
import { MemoryJournal, Runtime, type AgentContext, type EventStore } from '../src/index.ts';
import { StepClock } from './step-clock.ts';

export type SharedBehaviour = (context: AgentContext) => Promise<JsonObject> | JsonObject;

/** A worker of a shared store, with a clock of its own: one whose clock is not moved stands still. */
export interface SharedWorker {
  readonly name: string;
  readonly runtime: Runtime;
  readonly store: EventStore;
  readonly clock: StepClock;
  readonly warnings: readonly string[];
}

export interface SharedWorkerOptions {
  readonly agents?: Readonly<Record<string, SharedBehaviour>>;
  readonly isWorker?: boolean;
  readonly concurrency?: number;
  readonly store?: (store: EventStore) => EventStore;
}

/** Several runtimes over one journal whose clock goes on whether or not they do. */
export class SharedFixture {
  readonly #journal = new MemoryJournal({ now: () => this.#now });
  readonly #workers: SharedWorker[] = [];
  #now = 1_700_000_000_000;

  worker(
    name: string,
    { agents = {}, isWorker = true, concurrency = 4, store: changed }: SharedWorkerOptions = {},
  ): SharedWorker {
    const opened = this.#journal.open();
    const store = changed?.(opened) ?? opened;
    const clock = new StepClock(this.#now);
    const warnings: string[] = [];
    const runtime = new Runtime(
      {
        store,
        clock,
        invoker: {
          has: () => true,
          invoke: async (task, context) => {
            const output = (await agents[task.agent ?? '']?.(context)) ?? {};
            const { traceId } = context;
            const payload = { signal: 'success', output, artifacts: [] };
            return agentResult({ task, agent: task.agent ?? '', traceId, payload });
          },
        },
        workspace: { apply: () => Promise.reject(new Error('no workspace')) },
      },
      { worker: name, concurrency, isWorker, agents: {}, onWarning: (warning) => warnings.push(warning) },
    );
    const worker = { name, runtime, store, clock, warnings };
    this.#workers.push(worker);
    return worker;
  }

  /** Time goes on for the store and these workers, in steps that let each do what falls due. */
  async pass(milliseconds: number, ...workers: readonly SharedWorker[]): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += STEP_MS) {
      this.#now += STEP_MS;
      for (const { clock } of workers) clock.advance(STEP_MS);
      await turn();
    }
  }

  /** Until the claim holds, or half a minute of it has passed. */
  async until(claim: () => Promise<boolean> | boolean, ...workers: readonly SharedWorker[]): Promise<void> {
    for (let passed = 0; !(await claim()); passed += STEP_MS) {
      if (passed > 30_000) throw new Error(`not within thirty seconds: ${claim.toString()}`);
      await this.pass(STEP_MS, ...workers);
    }
  }

  async start({ runtime }: SharedWorker, workflow: WorkflowInput): Promise<string> {
    const run = makeRunId(this.#now, randomBytes(16));
    await runtime.start({ run, ...requestOf(workflow) });
    return run;
  }

  async close(): Promise<void> {
    for (const { runtime } of this.#workers) await runtime.close(0);
    this.#journal.close();
  }
}

export function requestOf(workflow: WorkflowInput) {
  return {
    workflow: workflowSchema.parse(workflow),
    input: {},
    traceId: makeTraceId(randomBytes(16)),
    title: workflow.name,
  };
}

const STEP_MS = 25;

/** What follows at once has followed. */
async function turn(): Promise<void> {
  for (let each = 0; each < 4; each += 1) await new Promise((resolve) => setImmediate(resolve));
}
