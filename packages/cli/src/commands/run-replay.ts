import { exitCodes, VltairError, type ExitCode } from '@vltair/protocol';
import { findRun, parseReplayPoint, readingStore, replayRun, verifyReplayOf, type EventStore } from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';
import { flagOption, textOption, type Options } from '../option-values.ts';
import { differencesText, replayPage } from '../render/replay-page.ts';

export async function replay(
  context: CommandContext,
  parameters: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const id = parameters[0] ?? textOption(options, 'runId');
  if (id === undefined) throw new VltairError('invalid_argument/usage', { detail: 'name a run' });
  const moment = textOption(options, 'at');
  return await readingStore(storeOf(context), async (store) => {
    const { run } = await findRun(store, id);
    if (flagOption(options, 'verify')) return await verifyDecisions(context, store, run);
    const state = await replayRun(store, run, moment === undefined ? undefined : parseReplayPoint(moment));
    const { output } = context;
    output.result({ ok: true, ...state }, () => replayPage(state, output.paint));
    return exitCodes.done;
  });
}

async function verifyDecisions({ output }: CommandContext, store: EventStore, run: string): Promise<ExitCode> {
  const differences = await verifyReplayOf(store, run);
  const events = (await store.run(run))?.seq ?? 0;
  const ok = differences.length === 0;
  output.result({ ok, run, events, differences }, () => differencesText(run, events, differences, output.paint));
  return ok ? exitCodes.done : exitCodes.failed;
}
