import { isAbsolute } from 'node:path';
import { testRunners, VltairError, type AgentTask } from '@vltair/protocol';
import { z } from 'zod';

/** How to run the tests of one package; what `detectRunner` finds. */
const testCommandSchema = z.strictObject({
  runner: z.enum(testRunners),
  directory: z.string().min(1),
  script: z.string().exactOptional(),
  nodeOptions: z.array(z.string()).readonly(),
  arguments: z.array(z.string()).readonly(),
  environment: z.record(z.string(), z.string()).readonly(),
});

/** The project that a run works on, as it stands in the run's input. */
export const projectSchema = z.strictObject({
  /** The user's directory: where installed dependencies are linked from. Absolute. Never written. */
  directory: z.string().refine((path) => isAbsolute(path), { message: 'is not an absolute path' }),
  /** Ignored directories that commands need (`node_modules`, `.venv`), relative to `directory`. */
  dependencies: z.array(z.string()),
  /** At least one; a monorepo has one per package with tests. */
  commands: z.array(testCommandSchema).min(1),
  /** Bound of one execution of the whole test suite, in milliseconds. */
  testTimeoutMs: z.int().positive(),
  /** `strict` refuses to run what the machine cannot isolate. */
  sandboxMode: z.enum(['strict', 'best-effort']),
  /**
   * What no edit may touch besides the files that the path rule protects, relative to the workspace; one that ends in `/` is a
   * folder. Absent: found from the tree and the commands.
   */
  protectedPaths: z.array(z.string()).exactOptional(),
});
export type Project = z.infer<typeof projectSchema>;

/** An agent's input, checked. @throws VltairError `invalid_argument/agent_input`, naming the field. */
export function parseInput<T>(schema: z.ZodType<T>, task: AgentTask): T {
  const parsed = schema.safeParse(task.payload);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.map(String).join('.') ?? '';
  throw new VltairError('invalid_argument/agent_input', { detail: `${where} ${issue?.message ?? ''}`.trim(), where });
}

/** The workspace tree of an attempt. @throws VltairError when the run has none. */
export function treeOf(context: { readonly tree: string | undefined }): string {
  if (context.tree === undefined)
    throw new VltairError('invalid_argument/agent_input', { detail: 'the run has no workspace' });
  return context.tree;
}
