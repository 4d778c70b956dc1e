import {
  agentError,
  agentResult,
  failure,
  failureOf,
  PROTOCOL_VERSION,
  VltairError,
  type AgentError,
  type AgentResult,
  type AgentTask,
  type Json,
  type JsonObject,
} from '@vltair/protocol';
import type { AgentContext, EffectCall } from '../../src/index.ts';
import type { Act, Script, Step } from './scenario.ts';

/** What a scripted agent has of the simulated world. */
export interface Surroundings {
  /** An agent asks for a call. Gives what makes it: one act on the world, which resolves with its number. */
  readonly asks: () => (act: Act, context: AgentContext, call: EffectCall) => Promise<number>;
  readonly sleep: (ms: number) => Promise<void>;
  /** The agent has an effect's value in hand. */
  readonly used: (context: AgentContext, name: string, value: Json) => void;
}

/** How long a stubborn agent goes on after it was asked to stop. */
const STUBBORN_MS = 12_000;

/** Does what the script says, and replies as agents do. */
export async function playScript(
  script: Script,
  task: AgentTask,
  context: AgentContext,
  around: Surroundings,
): Promise<AgentResult | AgentError> {
  const envelope = { task, agent: task.agent ?? '', traceId: context.traceId };
  try {
    const seen: Json[] = [];
    for (const step of script.steps) seen.push(await takeStep(step, context, around));
    await end(script, context, around);
    if (script.ending.isGarbage) return { is: 'no envelope' } as unknown as AgentResult;
    if (context.attempt <= script.ending.failsIn) throw new VltairError(script.ending.reason);
    return agentResult({ ...envelope, payload: payloadOf(script, task, context, seen) });
  } catch (error) {
    return agentError({ ...envelope, failure: failureOf(error) });
  }
}

async function takeStep(step: Step, context: AgentContext, around: Surroundings): Promise<Json> {
  switch (step.do) {
    case 'act':
      return await takeAct(step.act, context, around);
    case 'together':
      return await Promise.all(step.acts.map((act) => takeAct(act, context, around)));
    case 'read':
      return await context.now(step.name);
    case 'dawdle':
      await around.sleep(step.ms);
      return null;
    case 'report':
      context.progress({ message: 'at work' });
      return null;
  }
}

async function takeAct(act: Act, context: AgentContext, around: Surroundings): Promise<Json> {
  const { name, policy, reserve, totalMs } = act;
  const spec = {
    name,
    policy,
    summary: name,
    reserve,
    clocks: { total: totalMs },
    arguments: argumentsOf(act, context),
  };
  try {
    const perform = around.asks();
    const value = await context.effect(spec, async (call) => {
      call.spend(act.spend);
      return { act: await perform(act, context, call) };
    });
    around.used(context, name, value);
    return value;
  } catch (error) {
    if (act.isTolerated) return failureOf(error).reason;
    throw error;
  }
}

function argumentsOf(act: Act, { incarnation }: AgentContext): JsonObject {
  return { name: act.name, turn: act.diverges && incarnation > 1 ? 2 : 1 };
}

async function end({ ending }: Script, { signal }: AgentContext, around: Surroundings): Promise<void> {
  if (ending.returns === 'at_once') return;
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  if (ending.returns === 'stubborn') await around.sleep(STUBBORN_MS);
}

function payloadOf({ ending }: Script, task: AgentTask, { visit, node }: AgentContext, seen: readonly Json[]) {
  const signal = ending.signals[visit - 1] ?? ending.signals.at(-1) ?? 'success';
  const output = { seen: [...seen], flag: ending.flag, list: ['x', 'y', 'z'].slice(0, ending.items) };
  const isTask = task.payload.action === 'subtask';
  const tasks = Array.from({ length: isTask ? 0 : ending.tasks }, (_, index) => subtask(`${task.id}+${index}`));
  return {
    signal,
    output,
    artifacts: [],
    ...(ending.changes ? { delta: { doc: { path: `${node}.txt`, content: `${visit}` } } } : {}),
    ...(tasks.length === 0 ? {} : { newTasks: tasks }),
  };
}

function subtask(id: string): AgentTask {
  return { type: 'AgentTask', id, protocolVersion: PROTOCOL_VERSION, agent: 'bob', payload: { action: 'subtask' } };
}

/** What the world says to a call that it refuses. */
export const worldRefuses = (): VltairError =>
  new VltairError('transient/agent', { detail: failure('transient/agent').message });
