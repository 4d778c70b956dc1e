import { exitCodes, type ExitCode } from '@vltair/protocol';
import { findRun, loadEngine, readingStore, summarisePurged, summariseRun } from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';
import { flagOption, type Options } from '../option-values.ts';
import { diffText } from '../render/diff-text.ts';
import { purgedPage } from '../render/purged-page.ts';
import { runPage } from '../render/run-page.ts';

export async function show(context: CommandContext, [id = '']: readonly string[], options: Options): Promise<ExitCode> {
  const { output } = context;
  const place = storeOf(context);
  const purged = await readingStore(place, async (store) => {
    return await summarisePurged(store, (await findRun(store, id)).run);
  });
  if (purged !== undefined) {
    output.result({ ok: true, ...purged }, () => purgedPage(purged, output.style));
    return exitCodes.done;
  }
  const summary = await readingStore(place, async (store) => await summariseRun(store, (await findRun(store, id)).run));
  const diff = await changeOf(place.dataDirectory, summary);
  if (flagOption(options, 'diff') && !output.isJson) {
    if (context.host.stdout.isTerminal) output.text(diffText(diff, output.style));
    else output.exact(diff);
    return exitCodes.done;
  }
  output.result({ ok: true, ...summary, diff }, () => {
    const page = runPage(summary, output.style);
    return diff === '' ? page : `${page}\n\n${diffText(diff, output.style)}`;
  });
  return exitCodes.done;
}

/** The change of the run's workspace; empty for a run that changed nothing or has no workspace here. */
async function changeOf(
  dataDirectory: string,
  {
    treeBefore,
    treeAfter,
    origin,
  }: { treeBefore: string | undefined; treeAfter: string | undefined; origin: string | undefined },
): Promise<string> {
  if (treeBefore === undefined || treeAfter === undefined || treeBefore === treeAfter || origin !== undefined)
    return '';
  const { differenceOfTrees } = await loadEngine();
  return await differenceOfTrees(dataDirectory, treeBefore, treeAfter);
}
