import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { exitCodes, VltairError, type ExitCode } from '@vltair/protocol';
import { exportRun, findRun, readingStore } from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';
import { textOption, type Options } from '../option-values.ts';

/** Prints the export, or writes it to a new file: an old one is never overwritten. */
export async function exportToFile(
  context: CommandContext,
  [id = '']: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const { host, output } = context;
  const out = textOption(options, 'out');
  return await readingStore(storeOf(context), async (store) => {
    const { run } = await findRun(store, id);
    const lines = exportRun(store, run);
    if (out === undefined) {
      for await (const line of lines) host.stdout.write(line);
      return exitCodes.done;
    }
    const path = resolve(host.directory, out);
    const count = await writeLines(path, lines);
    const { fingerprint } = store.signer();
    output.result({ ok: true, run, file: path, lines: count, fingerprint }, () =>
      [
        `${path}: ${count} lines, signed by ${fingerprint}`,
        `  next: ${host.commandName} verify ${out} --key ${fingerprint}`,
      ].join('\n'),
    );
    return exitCodes.done;
  });
}

async function writeLines(path: string, lines: AsyncIterable<string>): Promise<number> {
  const file = await openNew(path);
  let count = 0;
  try {
    for await (const line of lines) {
      await file.write(line);
      count += 1;
    }
  } finally {
    await file.close();
  }
  return count;
}

async function openNew(path: string) {
  try {
    return await open(path, 'wx');
  } catch (cause) {
    const detail = `${path} exists, or cannot be made`;
    throw new VltairError('invalid_argument/usage', { detail, where: '--out', cause });
  }
}
