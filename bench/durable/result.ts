import { z } from 'zod';
import { jsonObjectSchema } from '@vltair/protocol';
import { aboutSchema } from './contender-messages.ts';
import { metricKey, metricSchema, type Metric } from './metrics.ts';

/** What one go of the bench measured: the file that it writes, and that baselines and pages are made of. */
export const resultSchema = z.strictObject({
  format: z.literal(1),
  machine: z.strictObject({ processors: z.int(), model: z.string(), platform: z.string(), node: z.string() }),
  settings: z.strictObject({ rounds: z.int().positive(), secondsEach: z.number().positive() }),
  contenders: z.record(z.string(), aboutSchema),
  /** Contenders that could not run on this machine, each with the reason. */
  skipped: z.record(z.string(), z.string()).default({}),
  metrics: z.array(metricSchema),
  /** The record of one workflow of each load that can tell: timings, tokens, budget. */
  samples: z.record(z.string(), jsonObjectSchema),
});
export type Result = z.infer<typeof resultSchema>;

export function findMetric(
  { metrics }: Pick<Result, 'metrics'>,
  wanted: Pick<Metric, 'of' | 'inFlight' | 'name'>,
): Metric | undefined {
  return metrics.find((metric) => metricKey(metric) === metricKey(wanted));
}
