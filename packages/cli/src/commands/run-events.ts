import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes, type ExitCode, type StoredEvent } from '@vltair/protocol';
import { findRun, followRun, hasRunEnded, purgedLog, readingStore, summarisePurged } from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';
import { flagOption, integerOption, type Options } from '../option-values.ts';
import { purgedLine } from '../render/purged-page.ts';
import { eventLine } from '../render/event-line.ts';

export async function printEvents(
  context: CommandContext,
  [id = '']: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const after = integerOption(options, 'after', 0) ?? 0;
  const follows = flagOption(options, 'follow');
  const { output, host } = context;
  return await readingStore(storeOf(context), async (store) => {
    const { run } = await findRun(store, id);
    if ((await summarisePurged(store, run)) !== undefined) {
      for await (const event of purgedLog(store, run, after)) {
        output.result(event, () => purgedLine(event, output.paint));
        if (!host.stdout.isOpen) break;
      }
      return exitCodes.done;
    }
    const isOver = async (seq: number): Promise<boolean> =>
      !follows || !host.stdout.isOpen || (await hasRunEnded(store, run, seq));
    for await (const event of followRun(store, run, { after, isOver, signal: host.signal })) {
      if (!host.stdout.isOpen) break;
      print(event);
      await sleep(0); // lets the news that the reader has gone arrive
    }
    return host.signal.aborted ? exitCodes.interrupted : exitCodes.done;
  });

  function print(event: StoredEvent): void {
    if (output.isJson) output.json(event);
    else output.text(eventLine(event, output.paint));
  }
}
