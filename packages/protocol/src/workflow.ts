import { z } from 'zod';
import { amountsSchema } from './amounts.ts';
import { jsonObjectSchema } from './envelopes.ts';
import { nodeIdSchema, timeSpanSchema, workflowNodeSchema } from './workflow-node.ts';

/** A workflow as data: what stands in YAML or JSON, after defaults. The graph's own rules are checked by core's `planGraph`. */
const flowFields = {
  description: z.string().default(''),
  /** JSON Schema of what a run takes, with defaults. Absent: anything. */
  input: jsonObjectSchema.exactOptional(),
  nodes: z.array(workflowNodeSchema).min(1).max(1_000),
  /** Nodes that run once when everything else has come to its end, however that went. */
  finally: z.array(workflowNodeSchema).max(100).exactOptional(),
  /** Templates of what the run gives when it succeeds. */
  output: jsonObjectSchema.exactOptional(),
  /** Bound of the whole run: an absolute deadline from its start. */
  timeout: timeSpanSchema.exactOptional(),
  budget: amountsSchema.default({}),
  /** Bound of the nodes of one run, with those that maps and new tasks add; default {@link DEFAULT_MAX_NODES}. */
  maxNodes: z.int().min(1).max(100_000).exactOptional(),
  /** Agents that tasks in results may name: they run as children of their node. Absent: tasks stay proposals. */
  taskAgents: z.array(z.string().min(1)).exactOptional(),
  /** Higher goes first among what is due. */
  priority: z.int().min(-100).max(100).exactOptional(),
};

const nameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,63}$/, { message: 'is not a name (lower-case words with dashes)' });

export const workflowSchema = z.strictObject({
  name: nameSchema,
  ...flowFields,
  /** What `subrun` nodes run, by name; they see each other. */
  workflows: z.record(nodeIdSchema, z.strictObject(flowFields)).exactOptional(),
});
/** A workflow after parsing: defaults filled in, durations in milliseconds. */
export type Workflow = z.infer<typeof workflowSchema>;
/** A workflow as a person writes it. */
export type WorkflowInput = z.input<typeof workflowSchema>;

export const DEFAULT_MAX_NODES = 10_000;
