import { join } from 'node:path';
import { exitCodes, type ExitCode } from '@vltair/protocol';
import { loadEngine, readingStore, summariseRun } from '@vltair/server';
import { exitCodeOf, type CommandContext } from '../command-context.ts';
import { demoPage } from '../render/demo-page.ts';
import { sessionOf, whileShowing } from '../run-session.ts';

const MAX_CANDIDATES = 1_000;
const TIMEOUT_MS = 5 * 60_000;

export async function runDemo(context: CommandContext): Promise<ExitCode> {
  const { output } = context;
  const { fixProject, makeDemoProject } = await loadEngine();
  const directory = await makeDemoProject();
  output.note(`A project whose tests fail: ${directory}`);
  return await whileShowing(context, async (watcher) => {
    const outcome = await fixProject({
      ...sessionOf(context, watcher),
      configuration: { ...context.configuration, dataDirectory: join(directory, '.vltair'), databaseUrl: undefined },
      request: {
        directory,
        maxCandidates: MAX_CANDIDATES,
        timeoutMs: TIMEOUT_MS,
        sandboxMode: 'best-effort',
        isNew: false,
      },
      appliedBy: undefined,
    });
    watcher.end();
    const { report } = outcome;
    const options = {
      dataDirectory: join(directory, '.vltair'),
      configuration: { databaseUrl: undefined },
      warn: (line: string) => output.note(line),
    };
    const summary = await readingStore(options, async (store) => await summariseRun(store, report.run));
    const exitCode = exitCodeOf(report.status);
    output.result({ ok: exitCode === exitCodes.done, directory, ...report }, () =>
      demoPage(outcome, summary, directory, output.style),
    );
    return exitCode;
  });
}
