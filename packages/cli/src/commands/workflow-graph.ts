import { writeFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { exitCodes, VltairError, type ExitCode } from '@vltair/protocol';
import { drawFile, drawRun, findRun, graphFormats, readingStore, type GraphFormat } from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';
import { choiceOption, textOption, type Options } from '../option-values.ts';

/** Draws a workflow file, or a run. */
export async function graph(context: CommandContext, [file]: readonly string[], options: Options): Promise<ExitCode> {
  const { host, output } = context;
  const id = textOption(options, 'run');
  if ((file === undefined) === (id === undefined))
    throw new VltairError('invalid_argument/usage', { detail: 'name a workflow file, or a run with --run' });
  const out = textOption(options, 'out');
  const format = choiceOption(options, 'format', graphFormats) ?? formatOf(out);
  const drawing =
    id === undefined ? await drawFile(resolve(host.directory, file ?? ''), format) : await ofRun(context, id, format);
  if (out === undefined) {
    output.result({ ok: true, format, drawing }, () => drawing);
    return exitCodes.done;
  }
  const path = resolve(host.directory, out);
  await write(path, drawing);
  output.result({ ok: true, format, file: path }, () => path);
  return exitCodes.done;
}

const formats: Readonly<Record<string, GraphFormat>> = { '.svg': 'svg', '.mmd': 'mermaid', '.mermaid': 'mermaid' };

/** By the ending of the file. @throws VltairError `invalid_argument/usage` for one that says something else. */
function formatOf(out: string | undefined): GraphFormat {
  const ending = out === undefined ? '' : extname(out);
  const format = ending === '' ? 'mermaid' : formats[ending];
  if (format !== undefined) return format;
  const detail = `${ending} is no format of drawings; it ends in ${Object.keys(formats).join(', ')}, or say --format`;
  throw new VltairError('invalid_argument/usage', { detail, where: '--out' });
}

async function ofRun(context: CommandContext, id: string, format: GraphFormat): Promise<string> {
  return await readingStore(storeOf(context), async (store) => {
    return await drawRun(store, (await findRun(store, id)).run, format);
  });
}

async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (cause) {
    throw new VltairError('invalid_argument/usage', { detail: `${path} cannot be written`, where: '--out', cause });
  }
}
