import { exitCodes, type ExitCode } from '@vltair/protocol';
import { importRun, openStore } from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';
import { flagOption, textOption, type Options } from '../option-values.ts';
import { readBytes } from '../read-bytes.ts';

export async function importFile(
  context: CommandContext,
  [file = '']: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const bytes = await readBytes(context.host.directory, file);
  const store = await openStore(storeOf(context), 'write');
  try {
    const dropTornTail = flagOption(options, 'dropTornTail');
    const imported = await importRun(store, bytes, { fingerprint: textOption(options, 'key'), dropTornTail });
    const { run, count, origin } = imported;
    context.output.result({ ok: true, ...imported }, () => `imported ${run}: ${count} events, signed by ${origin}`);
    return exitCodes.done;
  } finally {
    await store.close();
  }
}
