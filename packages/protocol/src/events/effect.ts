import { z } from 'zod';
import { jsonSchema } from '../envelopes.ts';
import { failureSchema } from '../failure-schema.ts';
import { amountsSchema, dimensions } from '../amounts.ts';
import { gateVerdictSchema } from './approval.ts';
import { attemptRefSchema } from './node.ts';

/**
 * What happens to an effect whose record is missing after a crash. `repeatable`: it runs again (a pure read, or
 * idempotent by nature). `keyed`: it runs again under the same remote idempotency key. `once`: parked for a person.
 */
export const ambiguityPolicies = ['repeatable', 'keyed', 'once'] as const;
export type AmbiguityPolicy = (typeof ambiguityPolicies)[number];

export const effectOutcomeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('value'), value: jsonSchema }),
  z.strictObject({ kind: z.literal('error'), failure: failureSchema }),
]);
export type EffectOutcome = z.infer<typeof effectOutcomeSchema>;

const key = { key: z.string().min(1) };

export const effectIntendedSchema = z.strictObject({
  type: z.literal('effect.intended'),
  ...key,
  ...attemptRefSchema.shape,
  /** The effect's explicit name and its occurrence within the visit, from 1. */
  name: z.string().min(1),
  occurrence: z.int().positive(),
  /** SHA-256 of the canonical arguments. */
  argumentsDigest: z.string(),
  /** A short description for people, e.g. the command line. */
  summary: z.string(),
  policy: z.enum(ambiguityPolicies),
  /** Counts calls of this key: 2 is the first one after a crash. */
  execution: z.int().positive(),
  reserved: amountsSchema,
  /** The call is not sent after this time. */
  notAfter: z.int().nonnegative(),
  /** What the gate said, where there is one. */
  gate: gateVerdictSchema.exactOptional(),
  /** The approval that this call uses up. */
  approval: z.string().min(1).exactOptional(),
});
export type EffectIntended = z.infer<typeof effectIntendedSchema>;

/** The gate asks for a person's answer before the call; the attempt is dropped until it has come. */
export const effectHeldSchema = z.strictObject({
  type: z.literal('effect.held'),
  ...key,
  ...attemptRefSchema.shape,
  argumentsDigest: z.string(),
  summary: z.string(),
  gate: gateVerdictSchema,
});

export const effectFactSchemas = [
  effectIntendedSchema,
  z.strictObject({
    type: z.literal('effect.recorded'),
    ...key,
    node: z.string().min(1),
    visit: z.int().positive(),
    /** The call that it records, as counted by `effect.intended`: a late record of an earlier call answers nothing. */
    execution: z.int().positive(),
    /** Only for reads that have no intent of their own (clock, random): what they were asked. */
    argumentsDigest: z.string().exactOptional(),
    outcome: effectOutcomeSchema,
    spent: amountsSchema,
    /** Of the spent tokens, by what they were spent on. */
    tokens: z
      .strictObject({ llm: z.int().nonnegative().exactOptional(), tool: z.int().nonnegative().exactOptional() })
      .exactOptional(),
  }),
  /** A recorded effect answered from the ledger instead of running. */
  z.strictObject({ type: z.literal('effect.reused'), ...key, ...attemptRefSchema.shape }),
  /** A call was not started because its reservation did not fit. */
  z.strictObject({
    type: z.literal('effect.refused'),
    ...key,
    ...attemptRefSchema.shape,
    dimension: z.enum(dimensions),
    limit: z.number(),
    committed: z.number(),
    requested: z.number(),
    reserved: amountsSchema,
    /** The node's own budget was the one; absent: the run's. */
    scope: z.literal('node').exactOptional(),
  }),
  effectHeldSchema,
  /** A call was not started because a rule, or a person, says no. */
  z.strictObject({
    type: z.literal('effect.denied'),
    ...key,
    ...attemptRefSchema.shape,
    argumentsDigest: z.string(),
    failure: failureSchema,
    gate: gateVerdictSchema,
  }),
  /** Nobody knows whether the call happened; a person decides. */
  z.strictObject({
    type: z.literal('effect.parked'),
    ...key,
    ...attemptRefSchema.shape,
    summary: z.string(),
    /** The run was restored, and its original may have sent this call, which the log does not know. */
    restored: z.strictObject({ argumentsDigest: z.string() }).exactOptional(),
  }),
  /** The person's answer. `retry`: the call may run again; `fail`: it counts as failed for good. */
  z.strictObject({
    type: z.literal('effect.resolved'),
    ...key,
    resolution: z.enum(['retry', 'fail']),
    by: z.string().min(1),
    commandId: z.string().exactOptional(),
  }),
] as const;
