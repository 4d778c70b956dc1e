import { exitCodes, VltairError, type ExitCode } from '@vltair/protocol';
import type { SessionOptions } from '@vltair/server';
import { storeOf, type CommandContext } from './command-context.ts';
import { reportError } from './render/error-report.ts';
import { RunProgress } from './progress/run-progress.ts';

/** What a session needs, from the context of a command. */
export function sessionOf(context: CommandContext, watcher: RunProgress): SessionOptions {
  const { configuration, host } = context;
  return { ...storeOf(context), configuration, environment: host.environment, signal: host.signal, watcher };
}

/** Works on a run with its progress shown. An interruption leaves the run as it is, and says how to go on. */
export async function whileShowing(
  context: CommandContext,
  work: (watcher: RunProgress) => Promise<ExitCode>,
): Promise<ExitCode> {
  const watcher = new RunProgress(context);
  try {
    return await work(watcher);
  } catch (error) {
    if (!(error instanceof VltairError) || error.reason !== 'cancelled/interrupted') throw error;
    watcher.end();
    const { host, output, configuration } = context;
    if (output.isJson) {
      const settings = { environment: host.environment, redaction: configuration.redaction };
      output.json({ ok: false, run: watcher.run, error: reportError(error, settings) });
      return exitCodes.interrupted;
    }
    host.stderr.write(`interrupted${hintOn(watcher, host.commandName)}\n`);
    return exitCodes.interrupted;
  } finally {
    watcher.end();
  }
}

function hintOn({ run, owner }: RunProgress, command: string): string {
  if (run === undefined) return '';
  return owner === undefined
    ? `; the run is kept: ${command} resume ${run}`
    : `; the run goes on in ${owner}: ${command} events ${run} --follow`;
}
