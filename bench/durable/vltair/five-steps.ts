import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AgentContext, EffectSpec, Invoker } from '@vltair/core';
import { agentError, agentResult, failureOf, workflowSchema, type JsonObject } from '@vltair/protocol';

const STEPS = ['first', 'second', 'third', 'fourth', 'fifth'] as const;
const TOKENS_EACH = 10;

/** Five nodes, one after the other, each with an agent that makes one recorded effect. */
export const FIVE_STEPS = workflowSchema.parse({
  name: 'five-steps',
  budget: { calls: STEPS.length, tokens: STEPS.length * TOKENS_EACH },
  nodes: STEPS.map((id, index) => ({ id, agent: 'worker', needs: STEPS.slice(Math.max(0, index - 1), index) })),
});

/** What the call of a step does on the outside; it gives what is recorded. */
export type Act = (context: AgentContext) => Promise<JsonObject>;

/** The work itself takes no time, so that only what makes it durable is measured. */
export const actAtOnce: Act = async ({ node }) => {
  await nextTurn();
  return { step: node };
};

/** Runs the steps: the intent of each call is durable before it, its record before the step ends. */
export function stepInvoker(act: Act, policy: EffectSpec['policy']): Invoker {
  return {
    has: (agent) => agent === 'worker',
    invoke: async (task, context) => {
      const envelope = { task, agent: 'worker', traceId: context.traceId };
      try {
        const output = await makeCall(act, policy, context);
        return agentResult({ ...envelope, payload: { signal: 'success', output, artifacts: [] } });
      } catch (error) {
        return agentError({ ...envelope, failure: failureOf(error) });
      }
    },
  };
}

async function makeCall(act: Act, policy: EffectSpec['policy'], context: AgentContext): Promise<JsonObject> {
  const spec: EffectSpec = {
    name: 'act',
    arguments: { step: context.node },
    summary: `act in ${context.node}`,
    policy,
    reserve: { calls: 1, tokens: TOKENS_EACH },
    clocks: { total: 600_000 },
  };
  return await context.effect(spec, async (call) => {
    call.recordTokens(TOKENS_EACH, 'tool');
    return await act(context);
  });
}
