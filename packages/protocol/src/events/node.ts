import { z } from 'zod';
import { amountsSchema } from '../amounts.ts';
import { agentResultSchema, jsonObjectSchema, jsonSchema } from '../envelopes.ts';
import { failureSchema } from '../failure-schema.ts';

/** Which try of which activation of which node. */
export const attemptRefSchema = z.strictObject({
  node: z.string().min(1),
  visit: z.int().positive(),
  attempt: z.int().positive(),
});
export type AttemptRef = z.infer<typeof attemptRefSchema>;

const nodeRef = { node: z.string().min(1), visit: z.int().positive() };

/** How an attempt ended by itself. A result carries the workspace tree before and after its change was applied. */
export const attemptOutcomeSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('result'),
    result: agentResultSchema,
    treeBefore: z.string().exactOptional(),
    treeAfter: z.string().exactOptional(),
  }),
  z.strictObject({ kind: z.literal('error'), failure: failureSchema, diagnostics: jsonSchema.exactOptional() }),
]);
export type AttemptOutcome = z.infer<typeof attemptOutcomeSchema>;

export const nodeFactSchemas = [
  z.strictObject({
    type: z.literal('attempt.completed'),
    ...attemptRefSchema.shape,
    incarnation: z.int().positive(),
    outcome: attemptOutcomeSchema,
  }),
  /** Nothing of the attempt runs any more, after `attempt.stopping`. */
  z.strictObject({ type: z.literal('attempt.stopped'), ...attemptRefSchema.shape }),
  /** The attempt asked for another call under the key of a recorded one. */
  z.strictObject({
    type: z.literal('attempt.diverged'),
    ...attemptRefSchema.shape,
    key: z.string().min(1),
    recordedDigest: z.string(),
    actualDigest: z.string(),
  }),
] as const;

export const stopCauses = [
  'cancelled',
  'node_deadline',
  'run_deadline',
  'run_ending',
  'branch_cancelled',
  'sibling_failed',
] as const;

/** What a visit waits for instead of having an attempt in flight. */
export const waitSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sleep'), untilTs: z.int().nonnegative() }),
  z.strictObject({
    kind: z.literal('signal'),
    name: z.string().min(1),
    message: z.string().exactOptional(),
    expiresTs: z.int().nonnegative().exactOptional(),
  }),
  z.strictObject({ kind: z.literal('approval'), approval: z.string().min(1) }),
  z.strictObject({
    kind: z.literal('subrun'),
    /** The child. */
    run: z.string().min(1),
    workflow: z.string().min(1),
    input: jsonObjectSchema,
    /** Set aside for the child: it spends nothing else. */
    granted: amountsSchema,
    /** The visit's absolute deadline. */
    deadlineTs: z.int().nonnegative().exactOptional(),
    tree: z.string().exactOptional(),
  }),
]);
export type Wait = z.infer<typeof waitSchema>;

export const nodeDecisionSchemas = [
  z.strictObject({
    type: z.literal('attempt.scheduled'),
    ...attemptRefSchema.shape,
    /** Not before this time. */
    dueTs: z.int().nonnegative(),
    /** The visit's absolute deadline over all attempts; absent: none. */
    deadlineTs: z.int().nonnegative().exactOptional(),
    /** The workspace tree that the attempt, and every incarnation of it, sees. */
    tree: z.string().exactOptional(),
  }),
  z.strictObject({
    type: z.literal('attempt.stopping'),
    ...attemptRefSchema.shape,
    cause: z.enum(stopCauses),
  }),
  /** The visit waits; nothing of it is in flight. */
  z.strictObject({ type: z.literal('node.suspended'), ...nodeRef, wait: waitSchema }),
  /** The child of a `subrun` node is to be cancelled. */
  z.strictObject({
    type: z.literal('subrun.stopping'),
    ...nodeRef,
    run: z.string().min(1),
    cause: z.enum(stopCauses),
  }),
  /** The node has one child per item, `node[0]` and so on. */
  z.strictObject({ type: z.literal('map.expanded'), ...nodeRef, count: z.int().nonnegative() }),
  /** The result proposed tasks: each is a child, `node+0` and so on. */
  z.strictObject({ type: z.literal('tasks.added'), ...nodeRef, count: z.int().positive() }),
  /** A visit that succeeded is to be undone, by the node `node.undo`. */
  z.strictObject({ type: z.literal('compensation.started'), ...nodeRef }),
  z.strictObject({
    type: z.literal('node.succeeded'),
    ...nodeRef,
    signal: z.string().min(1),
    /** Of a node without an agent: what it gives. */
    output: jsonObjectSchema.exactOptional(),
  }),
  z.strictObject({ type: z.literal('node.failed'), ...nodeRef, failure: failureSchema }),
  z.strictObject({ type: z.literal('node.skipped'), ...nodeRef, because: z.string().min(1) }),
  z.strictObject({ type: z.literal('node.cancelled'), ...nodeRef }),
  z.strictObject({
    type: z.literal('route.taken'),
    from: z.string().min(1),
    signal: z.string().min(1),
    to: z.string().min(1),
    /** For a route back: the nodes that gain a visit as a unit, sorted; empty for a route forward. */
    region: z.array(z.string()),
  }),
] as const;
