import { z } from 'zod';
import { amountsSchema } from '../amounts.ts';
import { jsonObjectSchema, jsonSchema } from '../envelopes.ts';
import { failureSchema } from '../failure-schema.ts';
import type { Workflow } from '../workflow.ts';
import { carrySchema } from './carry.ts';

/** What a run is pinned to when it starts. Digests are SHA-256 in hex over canonical JSON. */
export const manifestSchema = z.strictObject({
  workflow: z.string(),
  /** Agent name to a digest of its declared identity (name, version, schemas). */
  agents: z.record(z.string(), z.string()),
  /** Numbers of the behaviour flags that are on, ascending. */
  flags: z.array(z.int().nonnegative()),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** As it was parsed before the event was made. */
const workflowSchema = z.custom<Workflow>((value) => typeof value === 'object' && value !== null);

const nodeName = { node: z.string().min(1) };

/** What a run waits for, when nothing of it is in flight. */
export const waitingSchema = z.discriminatedUnion('kind', [
  /** Whether a call happened. `restored`: it may have, in the store that the run was restored from. */
  z.strictObject({
    kind: z.literal('parked_effect'),
    ...nodeName,
    key: z.string(),
    because: z.literal('restored').exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('approval'),
    ...nodeName,
    approval: z.string(),
    message: z.string(),
    expiresTs: z.int().nonnegative().exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('signal'),
    ...nodeName,
    name: z.string(),
    message: z.string().exactOptional(),
    expiresTs: z.int().nonnegative().exactOptional(),
  }),
  z.strictObject({ kind: z.literal('sleep'), ...nodeName, untilTs: z.int().nonnegative() }),
  /** Somebody paused it. */
  z.strictObject({ kind: z.literal('pause'), by: z.string(), reason: z.string() }),
]);
export type WaitingFor = z.infer<typeof waitingSchema>;

/** The backup that a run was restored from, and when that was made: what happened to the original since then is not known. */
export const restoredSchema = z.strictObject({ backup: z.string().min(1), backupTs: z.int().nonnegative() });
export type Restored = z.infer<typeof restoredSchema>;

/** Who asked, and under which idempotent id the wish came. */
const wish = { by: z.string().min(1), commandId: z.string().exactOptional() };

const visitOf = { node: z.string().min(1), visit: z.int().positive() };

/** The child of a `subrun` node has ended, or never began. */
export const subrunEndedSchema = z.strictObject({
  type: z.literal('subrun.ended'),
  ...visitOf,
  run: z.string(),
  status: z.enum(['succeeded', 'failed', 'cancelled']),
  output: jsonObjectSchema.exactOptional(),
  failure: failureSchema.exactOptional(),
  spent: amountsSchema,
  /** The child's workspace, when it changed it. */
  tree: z.string().exactOptional(),
});

/** Names a tenant: short, and without what separates it from something else. */
export const tenantSchema = z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,62}$/i);

export const runFactSchemas = [
  z.strictObject({
    type: z.literal('run.created'),
    workflow: workflowSchema,
    manifest: manifestSchema,
    input: jsonObjectSchema,
    traceId: z.string(),
    /** Runs with an equal key are the same request; an unfinished one is joined instead of started again. */
    joinKey: z.string().exactOptional(),
    /** The workspace tree at the start. */
    tree: z.string().exactOptional(),
    /** A line for people. */
    title: z.string(),
    /** Whose run it is; absent: `default`. Tenants share what workers there are in equal parts. */
    tenant: tenantSchema.exactOptional(),
    /** The `subrun` node that this run is the child of; `depth` counts the runs above it. */
    parent: z.strictObject({ run: z.string(), ...visitOf, depth: z.int().positive() }).exactOptional(),
    /** The run whose beginning this one takes over, up to `seq`. */
    forkedFrom: z.strictObject({ run: z.string(), seq: z.int().positive(), carry: carrySchema }).exactOptional(),
    /** Of the child of a restored run: the original of its parent may have begun it, too. */
    restored: restoredSchema.exactOptional(),
  }),
  /** A worker has taken the run over; every attempt in flight starts its next incarnation. */
  z.strictObject({ type: z.literal('run.claimed'), worker: z.string() }),
  /** The run goes on from a backup. `isOriginalStopped`: somebody says that the original did nothing after it. */
  z.strictObject({
    type: z.literal('run.restored'),
    by: z.string().min(1),
    ...restoredSchema.shape,
    isOriginalStopped: z.boolean(),
  }),
  /** What the events before this one said is erased, with their salts; their digests stay. */
  z.strictObject({
    type: z.literal('payload.purged'),
    by: z.string().min(1),
    reason: z.string().exactOptional(),
    payloads: z.int().nonnegative(),
  }),
  z.strictObject({
    type: z.literal('cancel.requested'),
    by: z.string(),
    reason: z.string(),
    commandId: z.string().exactOptional(),
    /** A branch alone: this node, and what needs it. Absent: the run. */
    node: z.string().min(1).exactOptional(),
  }),
  z.strictObject({ type: z.literal('pause.requested'), ...wish, reason: z.string() }),
  z.strictObject({ type: z.literal('resume.requested'), ...wish }),
  /** A failed run goes on: what failed, and all that follows from it, gets another visit. `grant` raises the budget. */
  z.strictObject({ type: z.literal('retry.requested'), ...wish, grant: amountsSchema.exactOptional() }),
  /** The run goes back to how it stood at `toSeq`; what was done to the world since then is not undone. */
  z.strictObject({
    type: z.literal('rollback.requested'),
    ...wish,
    toSeq: z.int().positive(),
    carry: carrySchema,
  }),
  /** The run goes on with another workflow, and is pinned to what is installed now; what has begun stands in both. */
  z.strictObject({ type: z.literal('run.migrated'), ...wish, workflow: workflowSchema, manifest: manifestSchema }),
  z.strictObject({ type: z.literal('signal.received'), ...wish, name: z.string().min(1), data: jsonSchema }),
  z.strictObject({
    type: z.literal('approval.granted'),
    ...wish,
    approval: z.string().min(1),
    comment: z.string().exactOptional(),
  }),
  z.strictObject({ type: z.literal('approval.rejected'), ...wish, approval: z.string().min(1), reason: z.string() }),
  subrunEndedSchema,
  z.strictObject({
    type: z.literal('timer.fired'),
    timer: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('node_deadline'), node: z.string(), visit: z.int().positive() }),
      z.strictObject({ kind: z.literal('run_deadline') }),
      /** The end of a sleep, or of the patience with a signal. */
      z.strictObject({ kind: z.literal('wait_end'), ...visitOf }),
      z.strictObject({ kind: z.literal('approval_warning'), approval: z.string() }),
      z.strictObject({ kind: z.literal('approval_expiry'), approval: z.string() }),
    ]),
  }),
  /** Somebody had the change of the run written into a directory. */
  z.strictObject({
    type: z.literal('tree.applied'),
    by: z.string().min(1),
    directory: z.string(),
    treeBefore: z.string(),
    treeAfter: z.string(),
    files: z.array(z.string()),
  }),
] as const;

export const endingSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('succeeded'), by: z.string().exactOptional() }),
  z.strictObject({ kind: z.literal('failed'), failure: failureSchema, by: z.string().exactOptional() }),
  z.strictObject({ kind: z.literal('cancelled'), reason: z.string() }),
]);
export type Ending = z.infer<typeof endingSchema>;

export const runDecisionSchemas = [
  z.strictObject({ type: z.literal('run.paused'), waitingFor: z.array(waitingSchema) }),
  z.strictObject({ type: z.literal('run.resumed') }),
  /** How the run will end, once it has cleaned up: compensations in reverse order, then the `finally` nodes. */
  z.strictObject({ type: z.literal('run.ending'), ending: endingSchema }),
  z.strictObject({
    type: z.literal('run.succeeded'),
    by: z.string().exactOptional(),
    output: jsonObjectSchema.exactOptional(),
  }),
  z.strictObject({ type: z.literal('run.failed'), failure: failureSchema, by: z.string().exactOptional() }),
  z.strictObject({ type: z.literal('run.cancelled'), reason: z.string() }),
] as const;
