import { z } from 'zod';
import { artifactSchema } from '../artifacts/artifact.ts';
import { jsonObjectSchema } from '../envelopes.ts';
import { failureSchema } from '../failure-schema.ts';

/** A node as a fork or a rollback takes it over. */
export const carriedNodeSchema = z.strictObject({
  /** How its last visit ended; absent: it starts over. */
  status: z.enum(['succeeded', 'failed', 'skipped', 'cancelled']).exactOptional(),
  /** Visits that count against `maxVisits`. */
  visits: z.int().nonnegative(),
  signal: z.string().exactOptional(),
  output: jsonObjectSchema.exactOptional(),
  artifacts: z.array(artifactSchema).exactOptional(),
  failure: failureSchema.exactOptional(),
  /** The node that a followed route led to. */
  routedTo: z.string().exactOptional(),
});
export type CarriedNode = z.infer<typeof carriedNodeSchema>;

/** How far a run has come, taken over by another one or by itself. */
export const carrySchema = z.strictObject({
  nodes: z.record(z.string(), carriedNodeSchema),
  tree: z.string().exactOptional(),
});
export type Carry = z.infer<typeof carrySchema>;
