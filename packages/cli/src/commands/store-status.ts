import type { ExitCode } from '@vltair/protocol';
import { loadEngine, reportStatus } from '@vltair/server';
import manifest from '../../package.json' with { type: 'json' };
import { storeOf, type CommandContext } from '../command-context.ts';
import { flagOption, type Options } from '../option-values.ts';
import { statusPage, type SandboxAnswer } from '../render/status-page.ts';

export async function status(context: CommandContext, _: readonly string[], options: Options): Promise<ExitCode> {
  const { configuration, output } = context;
  const report = await reportStatus({ ...storeOf(context), configuration, version: manifest.version });
  const sandbox = flagOption(options, 'probe') ? await probe(context) : undefined;
  output.result({ ok: true, ...report, sandbox: sandbox ?? 'unknown' }, () =>
    statusPage(report, sandbox, output.paint),
  );
  return 0;
}

async function probe({ configuration }: CommandContext): Promise<SandboxAnswer> {
  const { sandboxOf } = await loadEngine();
  return await sandboxOf(configuration).capabilities();
}
