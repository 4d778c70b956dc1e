import { z } from 'zod';

/** What a run, or a visit of a node, may spend, or has spent. A dimension that is absent from a limit is not limited. */
export const amountsSchema = z.strictObject({
  /** Execution time of effects, in milliseconds. */
  timeMs: z.number().nonnegative().exactOptional(),
  /** Effects that act on the world: tool calls, processes, requests. */
  calls: z.int().nonnegative().exactOptional(),
  /** Distinct candidates that a search looks at. */
  candidates: z.int().nonnegative().exactOptional(),
  /** Tokens of models and of tools, in and out together. */
  tokens: z.int().nonnegative().exactOptional(),
  /** Money, in millionths of a US dollar: whole, so that sums are exact. */
  microUsd: z.int().nonnegative().exactOptional(),
});
export type Amounts = z.infer<typeof amountsSchema>;
export const dimensions = ['timeMs', 'calls', 'candidates', 'tokens', 'microUsd'] as const;
export type Dimension = (typeof dimensions)[number];
