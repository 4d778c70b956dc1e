import { amountsSchema, jsonSchema, VltairError, type JsonObject, type Workflow } from '@vltair/protocol';
import { z } from 'zod';
import type { Command } from '../machine/admit.ts';
import { workflowSchema } from './errand.ts';

/** A wish as it comes from outside: what a rollback restores is read from the log, what a migration pins is what is installed. */
export type RuntimeCommand = Exclude<Command, { readonly type: 'rollback' | 'migrate' }> | RollbackWish | MigrateWish;
type RollbackWish = { readonly type: 'rollback'; readonly by: string; readonly toSeq: number };
type MigrateWish = { readonly type: 'migrate'; readonly by: string; readonly workflow: Workflow };

const wish = { by: z.string().min(1) };

const commandSchema: z.ZodType<RuntimeCommand> = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('cancel'), ...wish, reason: z.string(), node: z.string().exactOptional() }),
  z.strictObject({ type: z.literal('resolve'), ...wish, key: z.string(), resolution: z.enum(['retry', 'fail']) }),
  z.strictObject({ type: z.literal('approve'), ...wish, approval: z.string(), comment: z.string().exactOptional() }),
  z.strictObject({ type: z.literal('reject'), ...wish, approval: z.string(), reason: z.string() }),
  z.strictObject({ type: z.literal('signal'), ...wish, name: z.string(), data: jsonSchema }),
  z.strictObject({ type: z.literal('pause'), ...wish, reason: z.string() }),
  z.strictObject({ type: z.literal('resume'), ...wish }),
  z.strictObject({ type: z.literal('retry'), ...wish, grant: amountsSchema.exactOptional() }),
  z.strictObject({ type: z.literal('rollback'), ...wish, toSeq: z.int().positive() }),
  z.strictObject({ type: z.literal('migrate'), ...wish, workflow: workflowSchema }),
]);

/** @throws VltairError `invalid_argument/envelope` for what is no command. */
export function parseCommand(value: JsonObject): RuntimeCommand {
  const parsed = commandSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new VltairError('invalid_argument/envelope', { detail: `no command: ${JSON.stringify(value['type'])}` });
}
