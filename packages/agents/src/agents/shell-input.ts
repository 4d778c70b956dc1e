import { jsonSchema } from '@vltair/protocol';
import { z } from 'zod';
import { handleOrTextSchema } from './secret-handles.ts';

const MAX_TIMEOUT_MS = 24 * 60 * 60 * 1000;
const MEBIBYTE = 1024 ** 2;

export const shellFieldsSchema = z.strictObject({
  action: z.literal('run'),
  /** Program and arguments; no shell reads them. */
  command: z.array(z.string()).min(1).exactOptional(),
  /** Text for `sh`. */
  script: z.string().min(1).exactOptional(),
  /** Below the workspace. */
  cwd: z.string().min(1).default('.'),
  env: z.record(z.string().min(1), handleOrTextSchema).default({}),
  /** Text is passed as it is, anything else as JSON. */
  stdin: jsonSchema.exactOptional(),
  timeoutMs: z.int().positive().max(MAX_TIMEOUT_MS).default(60_000),
  /** The command does the same when it runs again: nobody is asked after a crash. */
  repeatable: z.boolean().default(false),
  /** Standard output is JSON: the output has it as `json`. */
  json: z.boolean().default(false),
  /** The network of the machine; refused unless VLTAIR_SHELL_NETWORK allows it. */
  network: z.boolean().default(false),
  /** `strict` refuses to run what the machine cannot isolate. */
  sandbox: z.enum(['strict', 'best-effort']).default('best-effort'),
  /** Of standard output and of standard error, each; what is more is cut. */
  maxOutputBytes: z
    .int()
    .nonnegative()
    .max(4 * MEBIBYTE)
    .default(MEBIBYTE / 4),
  memoryBytes: z
    .int()
    .min(MEBIBYTE)
    .default(2 * 1024 * MEBIBYTE),
});
/** What the action `run` of the agent `shell` takes. */
export const shellInputSchema = shellFieldsSchema.refine(
  ({ command, script }) => (command === undefined) !== (script === undefined),
  { message: 'or script is needed, one of the two', path: ['command'] },
);
export type ShellInput = z.infer<typeof shellInputSchema>;
