import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { exitCodes, VltairError, type ExitCode, type Workflow } from '@vltair/protocol';
import { findWorkflow, loadEngine, planMigration } from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';
import { flagOption, textOption, type Options } from '../option-values.ts';
import { migrationPage } from '../render/migration-page.ts';
import { person, putWishFirst, runNamed } from '../run-wish.ts';

/** Hex digits that can name a workflow: its digest, or enough of its beginning. */
const DIGEST = /^[0-9a-f]{8,64}$/;

export async function migrate(
  context: CommandContext,
  [id = '']: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const to = textOption(options, 'to');
  if (to === undefined)
    throw new VltairError('invalid_argument/usage', {
      detail: 'name the workflow to go on with: --to',
      where: '--to',
    });
  const run = await runNamed(context, id);
  const workflow = await workflowNamed(context, to);
  if (!flagOption(options, 'dryRun'))
    return await putWishFirst(context, run, { type: 'migrate', by: person(), workflow }, options);
  const plan = await planMigration(storeOf(context), run, workflow);
  context.output.result({ ok: true, ...plan }, () => migrationPage(plan, context.output.paint));
  return exitCodes.done;
}

/** A file of that name goes before a digest. */
async function workflowNamed(context: CommandContext, to: string): Promise<Workflow> {
  const file = resolve(context.host.directory, to);
  if (DIGEST.test(to) && !existsSync(file)) return await findWorkflow(storeOf(context), to);
  const { readWithAgents } = await loadEngine();
  return await readWithAgents(file, context.configuration);
}
