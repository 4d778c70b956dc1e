import {
  agentResultSchema,
  ambiguityPolicies,
  amountsSchema,
  attemptOutcomeSchema,
  effectOutcomeSchema,
  failureSchema,
  jsonObjectSchema,
  manifestSchema,
  routeSchema,
} from '@vltair/protocol';
import { z } from 'zod';
import type { GraphPlan } from '../machine/plan-graph.ts';
import type { RunState } from '../machine/run-state.ts';
import { runStatuses, type Snapshot } from '../ports/event-store.ts';

/** The state in a snapshot; `undefined` when it is none of the run at its seq, or not of the shape that this version knows. */
export function parseSnapshot({ run, seq, state }: Snapshot): RunState | undefined {
  const parsed = stateSchema.safeParse(state);
  return parsed.success && parsed.data.run === run && parsed.data.seq === seq ? parsed.data : undefined;
}

const timeSchema = z.int().nonnegative();
const countSchema = z.int().nonnegative();
const sourcesSchema = z.record(z.string(), z.array(z.string()));

/** A member that JSON leaves out when it is `undefined`. */
function absent<T extends z.ZodType>(schema: T) {
  return schema.optional().transform((value) => value);
}

/** A workflow after parsing: the shape that `workflowSchema` gives, not the one that it takes. */
const workflowSchema = z.strictObject({
  name: z.string(),
  description: z.string(),
  nodes: z.array(
    z.strictObject({
      id: z.string(),
      agent: z.string(),
      action: z.string(),
      input: jsonObjectSchema,
      needs: z.array(z.string()),
      routes: z.array(routeSchema),
      timeoutMs: z.int().positive().exactOptional(),
      maxAttempts: z.int().positive(),
      maxVisits: z.int().positive(),
    }),
  ),
  timeout: z.int().positive().exactOptional(),
  budget: amountsSchema,
});

const planSchema: z.ZodType<GraphPlan> = z.strictObject({
  order: z.array(z.string()),
  routedFrom: sourcesSchema,
  regions: z.array(z.strictObject({ head: z.string(), latches: z.array(z.string()), nodes: z.array(z.string()) })),
  waitsFor: sourcesSchema,
});

const effectSchema = z.strictObject({
  status: z.enum(['intended', 'recorded', 'parked', 'cleared', 'failed']),
  argumentsDigest: z.string(),
  policy: z.enum(ambiguityPolicies),
  execution: z.int().positive(),
  attempt: z.int().positive(),
  incarnation: z.int().positive(),
  reserved: amountsSchema,
  notAfter: timeSchema,
  outcome: absent(effectOutcomeSchema),
});

const attemptSchema = z.strictObject({
  visit: z.int().positive(),
  attempt: z.int().positive(),
  scheduledTs: timeSchema,
  endedTs: absent(timeSchema),
  ended: absent(z.enum(['result', 'error', 'stopped'])),
});

const nodeSchema = z.strictObject({
  status: z.enum([
    ...(['waiting', 'scheduled', 'completed', 'stopping', 'stopped', 'parked'] as const),
    ...(['succeeded', 'failed', 'skipped', 'cancelled'] as const),
  ]),
  visit: countSchema,
  attempt: countSchema,
  incarnation: countSchema,
  dueTs: timeSchema,
  deadlineTs: absent(timeSchema),
  tree: absent(z.string()),
  outcome: absent(attemptOutcomeSchema),
  stopCause: absent(z.enum(['cancelled', 'node_deadline', 'run_deadline', 'run_ending'])),
  result: absent(agentResultSchema.shape.payload),
  failure: absent(failureSchema),
  route: absent(routeSchema),
  routedTo: absent(z.string()),
  parkedKey: absent(z.string()),
  effects: z.record(z.string(), effectSchema),
  attempts: z.array(attemptSchema),
});

const sumsSchema = z.strictObject({ timeMs: z.number(), calls: z.number(), candidates: z.number() });

/** {@link RunState} as data; another shape needs another number in `STATE_SCHEMA`. */
const stateSchema: z.ZodType<RunState> = z.strictObject({
  run: z.string(),
  seq: z.int().positive(),
  ts: timeSchema,
  epoch: countSchema,
  status: z.enum(runStatuses),
  workflow: workflowSchema,
  plan: planSchema,
  manifest: manifestSchema,
  input: jsonObjectSchema,
  traceId: z.string(),
  joinKey: absent(z.string()),
  title: z.string(),
  createdTs: timeSchema,
  deadlineTs: absent(timeSchema),
  tree: absent(z.string()),
  nodes: z.record(z.string(), nodeSchema),
  budget: z.strictObject({ limit: amountsSchema, reserved: sumsSchema, spent: sumsSchema }),
  cancel: absent(z.strictObject({ by: z.string(), reason: z.string() })),
  failure: absent(failureSchema),
  waitingFor: z.array(z.strictObject({ kind: z.literal('parked_effect'), node: z.string(), key: z.string() })),
});
