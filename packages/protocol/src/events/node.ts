import { z } from 'zod';
import { agentResultSchema, jsonSchema } from '../envelopes.ts';
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
    cause: z.enum(['cancelled', 'node_deadline', 'run_deadline', 'run_ending']),
  }),
  z.strictObject({ type: z.literal('node.succeeded'), ...nodeRef, signal: z.string().min(1) }),
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
