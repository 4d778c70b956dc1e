import type { ExitCode } from '@vltair/protocol';
import { listRuns as runsOf, type ListedRun } from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';
import { integerOption, statusesOption, type Options } from '../option-values.ts';
import { runList } from '../render/run-list.ts';

const DEFAULT_LIMIT = 20;

export async function listRuns(context: CommandContext, _: readonly string[], options: Options): Promise<ExitCode> {
  const statuses = statusesOption(options, 'status');
  const limit = integerOption(options, 'limit', 1) ?? DEFAULT_LIMIT;
  const query = { limit, ...(statuses === undefined ? {} : { statuses }) };
  const rows = await runsOf(storeOf(context), query);
  const { output, host } = context;
  output.result({ ok: true, runs: rows.map(rowJson) }, () => runList(rows, host.now(), output.paint));
  return 0;
}

function rowJson({
  run,
  status,
  workflow,
  title,
  traceId,
  tenant,
  createdTs,
  updatedTs,
  failure,
  seq,
  origin,
  archivedTs,
  purged,
  waitingFor,
}: ListedRun) {
  return {
    run,
    status,
    workflow,
    title,
    traceId,
    tenant,
    createdTs,
    updatedTs,
    events: seq,
    failure,
    origin,
    archivedTs,
    purged,
    waitingFor,
  };
}
