import {
  agentResultSchema,
  ambiguityPolicies,
  amountsSchema,
  attemptOutcomeSchema,
  effectHeldSchema,
  effectOutcomeSchema,
  endingSchema,
  failureSchema,
  gateVerdictSchema,
  jsonObjectSchema,
  jsonSchema,
  manifestSchema,
  restoredSchema,
  routeSchema,
  stopCauses,
  subrunEndedSchema,
  waitingSchema,
  waitSchema,
  type Workflow,
} from '@vltair/protocol';
import { z } from 'zod';
import type { GraphPlan } from '../machine/plan-graph.ts';
import { nodeStatuses, type RunState } from '../machine/run-state.ts';
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

const planSchema: z.ZodType<GraphPlan> = z.strictObject({
  order: z.array(z.string()),
  routedFrom: sourcesSchema,
  regions: z.array(z.strictObject({ head: z.string(), latches: z.array(z.string()), nodes: z.array(z.string()) })),
  waitsFor: sourcesSchema,
  cleanup: z.array(z.string()),
});

const effectSchema = z.strictObject({
  status: z.enum(['intended', 'recorded', 'parked', 'cleared', 'failed']),
  argumentsDigest: z.string(),
  policy: z.enum(ambiguityPolicies),
  execution: countSchema,
  attempt: z.int().positive(),
  incarnation: z.int().positive(),
  reserved: amountsSchema,
  notAfter: timeSchema,
  outcome: absent(effectOutcomeSchema),
});

const sumsSchema = z.strictObject({
  timeMs: z.number(),
  calls: z.number(),
  candidates: z.number(),
  tokens: z.number(),
  microUsd: z.number(),
});
const budgetSchema = z.strictObject({ limit: amountsSchema, reserved: sumsSchema, spent: sumsSchema });

const childOf = { of: z.string(), index: countSchema };
const taskSchema = z.strictObject({ agent: z.string(), action: z.string(), input: jsonObjectSchema });
const resultSchema = agentResultSchema.shape.payload;

const originSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('item'), ...childOf, item: jsonSchema }),
  z.strictObject({ kind: z.literal('task'), ...childOf, task: taskSchema }),
  z.strictObject({ kind: z.literal('undo'), of: z.string(), undone: resultSchema, item: jsonSchema.exactOptional() }),
]);

const answerSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('message'), data: jsonSchema, by: z.string() }),
  z.strictObject({ kind: z.literal('subrun'), ended: subrunEndedSchema }),
]);

const nodeSchema = z.strictObject({
  status: z.enum(nodeStatuses),
  visit: countSchema,
  floor: countSchema,
  attempt: countSchema,
  incarnation: countSchema,
  dueTs: timeSchema,
  deadlineTs: absent(timeSchema),
  tree: absent(z.string()),
  outcome: absent(attemptOutcomeSchema),
  stopCause: absent(z.enum(stopCauses)),
  wait: absent(waitSchema),
  answer: absent(answerSchema),
  result: absent(resultSchema),
  failure: absent(failureSchema),
  route: absent(routeSchema),
  routedTo: absent(z.string()),
  parkedKey: absent(z.string()),
  heldTs: absent(timeSchema),
  heldCall: absent(effectHeldSchema),
  isClosed: z.boolean(),
  isCancelled: z.boolean(),
  isRoutedBackTo: z.boolean(),
  children: z.array(z.string()),
  origin: absent(originSchema),
  budget: absent(budgetSchema),
  effects: z.record(z.string(), effectSchema),
});

const approvalSchema = z.strictObject({
  status: z.enum(['waiting', 'granted', 'rejected', 'expired', 'cancelled', 'used']),
  node: z.string(),
  visit: z.int().positive(),
  digest: z.string(),
  message: z.string(),
  approvers: absent(z.array(z.string())),
  requestedTs: timeSchema,
  warnTs: absent(timeSchema),
  isWarned: z.boolean(),
  expiresTs: absent(timeSchema),
  gate: absent(gateVerdictSchema),
  by: absent(z.string()),
  words: absent(z.string()),
});

const wishSchema = z.strictObject({ by: z.string(), reason: z.string() });

/** {@link RunState} as data; another shape needs another number in `STATE_SCHEMA`. */
const stateSchema: z.ZodType<RunState> = z.strictObject({
  run: z.string(),
  seq: z.int().positive(),
  ts: timeSchema,
  epoch: countSchema,
  status: z.enum(runStatuses),
  /** As it was parsed when the run began, and authenticated since. */
  workflow: z.custom<Workflow>((value) => typeof value === 'object' && value !== null && 'nodes' in value),
  plan: planSchema,
  manifest: manifestSchema,
  input: jsonObjectSchema,
  traceId: z.string(),
  joinKey: absent(z.string()),
  title: z.string(),
  createdTs: timeSchema,
  parent: absent(
    z.strictObject({ run: z.string(), node: z.string(), visit: z.int().positive(), depth: z.int().positive() }),
  ),
  deadlineTs: absent(timeSchema),
  tree: absent(z.string()),
  nodes: z.record(z.string(), nodeSchema),
  paths: z.array(z.string()),
  budget: budgetSchema,
  approvals: z.record(z.string(), approvalSchema),
  mailbox: z.array(z.strictObject({ name: z.string(), data: jsonSchema, by: z.string() })),
  undo: z.array(
    z.strictObject({
      node: z.string(),
      visit: z.int().positive(),
      result: resultSchema,
      item: jsonSchema.exactOptional(),
    }),
  ),
  subruns: countSchema,
  retries: countSchema,
  pause: absent(wishSchema),
  cancel: absent(wishSchema),
  ending: absent(endingSchema),
  failure: absent(failureSchema),
  output: absent(jsonObjectSchema),
  waitingFor: z.array(waitingSchema),
  restored: absent(restoredSchema),
  tenant: absent(z.string()),
});
