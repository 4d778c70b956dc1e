import { z } from 'zod';
import { jsonObjectSchema } from '@vltair/protocol';

/**
 * What the bench and a contender say to each other, over the channel that Node opens to a child process, so that what
 * an engine prints disturbs nobody. The contender says `ready` once, then answers every `run` with `ran`.
 */
export const aboutSchema = z.strictObject({
  engine: z.string(),
  version: z.string(),
  store: z.string(),
  /** Who calls fsync, and when. */
  fsync: z.string(),
  /** What works on the processors of this machine for it, beside the bench itself, which waits. */
  processes: z.array(z.string()),
  /** The setting that says how much it does at a time. */
  concurrency: z.string(),
});
export type About = z.infer<typeof aboutSchema>;

export const askSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('run'), inFlight: z.int().positive(), milliseconds: z.int().positive() }),
  z.strictObject({ kind: z.literal('stop') }),
]);
export type Ask = z.infer<typeof askSchema>;

const ranSchema = z.strictObject({
  kind: z.literal('ran'),
  workflows: z.int().nonnegative(),
  seconds: z.number().positive(),
  latencyMs: z.strictObject({ p50: z.number(), p99: z.number(), p999: z.number() }),
  /** Whatever else it can tell of itself, by name. */
  figures: z.record(z.string(), z.number()),
  /** The record of one of the workflows: timings, tokens, budget. */
  sample: jsonObjectSchema.exactOptional(),
});
export type Ran = z.infer<typeof ranSchema>;

export const answerSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ready'), about: aboutSchema }),
  ranSchema,
  z.strictObject({ kind: z.literal('failed'), message: z.string() }),
]);
export type Answer = z.infer<typeof answerSchema>;
