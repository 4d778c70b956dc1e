import { z } from 'zod';
import type { AgentContext, Invoker } from '../../packages/core/src/index.ts';
import {
  agentError,
  agentResult,
  ambiguityPolicies,
  failureOf,
  VltairError,
  type AgentTask,
} from '../../packages/protocol/src/index.ts';
import type { WitnessLine } from './witness-line.ts';

const actSchema = z.strictObject({
  name: z.string(),
  policy: z.enum(ambiguityPolicies),
  takesMs: z.number(),
  refusals: z.int().default(0),
});
export type Act = z.input<typeof actSchema>;

/** What a node's input tells its agent to do. `signals`: by visit, the last one for all further visits. */
const scriptSchema = z.object({
  acts: z.array(actSchema),
  isTogether: z.boolean().default(false),
  signals: z.array(z.string()).default(['success']),
});
export type Script = z.input<typeof scriptSchema>;

export const ACTOR = 'actor';
/** Longer than any fault holds a call up. */
const CALL_MS = 120_000;

/** The one agent of the campaign: acts on the witness, and on nothing else. */
export function actorOn(witness: WitnessLine, worker: string): Invoker {
  return {
    has: (agent) => agent === ACTOR,
    invoke: async (task, context) => {
      const envelope = { task, agent: ACTOR, traceId: context.traceId };
      try {
        return agentResult({ ...envelope, payload: await play(task, context, { witness, worker }) });
      } catch (error) {
        return agentError({ ...envelope, failure: failureOf(error) });
      }
    },
  };
}

interface Surroundings {
  readonly witness: WitnessLine;
  readonly worker: string;
}

async function play({ payload }: AgentTask, context: AgentContext, around: Surroundings) {
  const { acts, isTogether, signals } = scriptSchema.parse(payload);
  const began = await context.now('began');
  const seen: number[] = [];
  if (isTogether) seen.push(...(await Promise.all(acts.map((act) => perform(act, context, around)))));
  else for (const act of acts) seen.push(await perform(act, context, around));
  const signal = signals[context.visit - 1] ?? signals.at(-1) ?? 'success';
  return { signal, output: { seen, began }, artifacts: [] };
}

async function perform(
  { name, policy, takesMs, refusals }: z.output<typeof actSchema>,
  context: AgentContext,
  { witness, worker }: Surroundings,
): Promise<number> {
  const spec = { name, policy, arguments: { name, takesMs }, summary: name, clocks: { total: CALL_MS } };
  return await context.effect(spec, async ({ idempotencyKey }) => {
    const { run } = context;
    const key = idempotencyKey.slice(run.length + 1);
    const number = await witness.ask({ do: 'call', run, key, policy, worker, takesMs, refusals });
    if (number === undefined) throw new VltairError('transient/agent', { detail: 'the outside refuses' });
    return number;
  });
}
