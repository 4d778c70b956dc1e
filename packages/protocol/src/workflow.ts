import { z } from 'zod';
import { parseDuration } from './duration.ts';
import { jsonObjectSchema } from './envelopes.ts';
import { reasonSchema } from './failure-schema.ts';

/** A workflow as data: what stands in YAML or JSON, after defaults. The graph's own rules are checked by core's `planGraph`. */
const nodeIdSchema = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,63}$/, { message: 'is not a node id (lower-case, digits, - and _)' });

/** Milliseconds, written as a duration such as `30s` or `1h30m`. */
export const durationSchema = z.string().transform((text, context) => {
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined && milliseconds > 0) return milliseconds;
  context.addIssue({ code: 'custom', message: `is not a duration such as 30s or 1h30m: ${text}` });
  return z.NEVER;
});
const timeoutSchema = z.union([z.int().positive(), durationSchema]);

export const routeSchema = z.union([
  z.strictObject({ on: z.string().min(1), to: nodeIdSchema }),
  z.strictObject({
    on: z.string().min(1),
    end: z.enum(['succeeded', 'failed']),
    /** Of a failed end: the entry of the error catalogue that the run fails with. */
    reason: reasonSchema.exactOptional(),
  }),
]);
/** What follows when a node is done with the signal `on`: another node, or the end of the run. */
export type Route = z.infer<typeof routeSchema>;

export const workflowNodeSchema = z
  .strictObject({
    id: nodeIdSchema,
    agent: z.string().min(1),
    action: z.string().min(1).default('run'),
    input: jsonObjectSchema.default({}),
    needs: z.array(nodeIdSchema).exactOptional(),
    dependsOn: z.array(nodeIdSchema).exactOptional(),
    routes: z.array(routeSchema).default([]),
    /** Bound of one visit, all attempts together: an absolute deadline from the first attempt on. */
    timeout: timeoutSchema.exactOptional(),
    /** Attempts of one visit in all; only failures that the catalogue calls retryable are tried again. */
    maxAttempts: z.int().min(1).max(100).default(3),
    /** Visits of one run in all, where a route leads back to this node. */
    maxVisits: z.int().min(1).max(10_000).default(1),
  })
  .refine((node) => node.needs === undefined || node.dependsOn === undefined, {
    message: 'has both needs and dependsOn; they mean the same, keep needs',
  })
  .transform(({ dependsOn, needs, timeout, ...node }) => ({
    ...node,
    needs: needs ?? dependsOn ?? [],
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
  }));
export type WorkflowNode = z.infer<typeof workflowNodeSchema>;

/** What a run may spend. A dimension that is absent is not limited. */
export const amountsSchema = z.strictObject({
  /** Execution time of effects, in milliseconds. */
  timeMs: z.number().nonnegative().exactOptional(),
  /** Effects that act on the world. */
  calls: z.int().nonnegative().exactOptional(),
  /** Distinct candidates that a search looks at. */
  candidates: z.int().nonnegative().exactOptional(),
});
export type Amounts = z.infer<typeof amountsSchema>;
export const dimensions = ['timeMs', 'calls', 'candidates'] as const;
export type Dimension = (typeof dimensions)[number];

export const workflowSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, { message: 'is not a name (lower-case words with dashes)' }),
  description: z.string().default(''),
  nodes: z.array(workflowNodeSchema).min(1).max(1_000),
  /** Bound of the whole run: an absolute deadline from its start. */
  timeout: timeoutSchema.exactOptional(),
  budget: amountsSchema.default({}),
});
/** A workflow after parsing: defaults filled in, durations in milliseconds. */
export type Workflow = z.infer<typeof workflowSchema>;
/** A workflow as a person writes it. */
export type WorkflowInput = z.input<typeof workflowSchema>;
