import { z } from 'zod';
import { jsonObjectSchema } from '../envelopes.ts';
import { failureSchema } from '../failure-schema.ts';
import type { Workflow } from '../workflow.ts';

/** What a run is pinned to when it starts. Digests are SHA-256 in hex over canonical JSON. */
export const manifestSchema = z.strictObject({
  workflow: z.string(),
  /** Agent name to a digest of its declared identity (name, version, schemas). */
  agents: z.record(z.string(), z.string()),
  /** Numbers of the behaviour flags that are on, ascending. */
  flags: z.array(z.int().nonnegative()),
});
export type Manifest = z.infer<typeof manifestSchema>;

const waitingSchema = z.strictObject({ kind: z.literal('parked_effect'), node: z.string(), key: z.string() });
export type WaitingFor = z.infer<typeof waitingSchema>;

export const runFactSchemas = [
  z.strictObject({
    type: z.literal('run.created'),
    workflow: z.custom<Workflow>((value) => typeof value === 'object' && value !== null),
    manifest: manifestSchema,
    input: jsonObjectSchema,
    traceId: z.string(),
    /** Runs with an equal key are the same request; an unfinished one is joined instead of started again. */
    joinKey: z.string().exactOptional(),
    /** The workspace tree at the start. */
    tree: z.string().exactOptional(),
    /** A line for people. */
    title: z.string(),
  }),
  /** A worker has taken the run over; every attempt in flight starts its next incarnation. */
  z.strictObject({ type: z.literal('run.claimed'), worker: z.string() }),
  z.strictObject({
    type: z.literal('cancel.requested'),
    by: z.string(),
    reason: z.string(),
    commandId: z.string().exactOptional(),
  }),
  z.strictObject({
    type: z.literal('timer.fired'),
    timer: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('node_deadline'), node: z.string(), visit: z.int().positive() }),
      z.strictObject({ kind: z.literal('run_deadline') }),
    ]),
  }),
  /** The change of the run was written into the user's directory. */
  z.strictObject({
    type: z.literal('tree.applied'),
    directory: z.string(),
    treeBefore: z.string(),
    treeAfter: z.string(),
    files: z.array(z.string()),
  }),
] as const;

export const runDecisionSchemas = [
  z.strictObject({ type: z.literal('run.paused'), waitingFor: z.array(waitingSchema) }),
  z.strictObject({ type: z.literal('run.resumed') }),
  z.strictObject({ type: z.literal('run.succeeded'), by: z.string().exactOptional() }),
  z.strictObject({ type: z.literal('run.failed'), failure: failureSchema, by: z.string().exactOptional() }),
  z.strictObject({ type: z.literal('run.cancelled'), reason: z.string() }),
] as const;
