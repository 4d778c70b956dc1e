import { VltairError, type ExitCode } from '@vltair/protocol';
import { readingStore, runStatuses, type RunRow, type RunStatus } from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';
import { integerOption, textOption, type Options } from '../option-values.ts';
import { runList } from '../render/run-list.ts';

const DEFAULT_LIMIT = 20;

export async function listRuns(context: CommandContext, _: readonly string[], options: Options): Promise<ExitCode> {
  const statuses = statusesOf(textOption(options, 'status'));
  const limit = integerOption(options, 'limit', 1) ?? DEFAULT_LIMIT;
  const query = { limit, ...(statuses === undefined ? {} : { statuses }) };
  const rows = await readingStore(storeOf(context), async (store) => await store.runs(query));
  const { output, host } = context;
  output.result({ ok: true, runs: rows.map(rowJson) }, () => runList(rows, host.now(), output.paint));
  return 0;
}

function statusesOf(text: string | undefined): readonly RunStatus[] | undefined {
  return text?.split(',').map((word) => {
    const status = runStatuses.find((each) => each === word.trim());
    if (status !== undefined) return status;
    const detail = `--status takes ${runStatuses.join(', ')}, not "${word}"`;
    throw new VltairError('invalid_argument/usage', { detail, where: '--status' });
  });
}

function rowJson({ run, status, workflow, title, traceId, createdTs, updatedTs, failure, seq, origin }: RunRow) {
  return { run, status, workflow, title, traceId, createdTs, updatedTs, events: seq, failure, origin };
}
