import { exitCodes, type ExitCode } from '@vltair/protocol';
import { loadEngine, type WorkerNotice } from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';
import { durationOption, flagOption, integerOption, type Options } from '../option-values.ts';

const GRACE_MS = 10_000;

export async function workOn(context: CommandContext, _: readonly string[], options: Options): Promise<ExitCode> {
  const concurrency = integerOption(options, 'concurrency', 1);
  const { configuration, host } = context;
  const { work } = await loadEngine();
  await work({
    ...storeOf(context),
    configuration,
    environment: host.environment,
    signal: host.signal,
    ...(concurrency === undefined ? {} : { concurrency }),
    drain: flagOption(options, 'drain'),
    graceMs: durationOption(options, 'grace') ?? GRACE_MS,
    notice: (notice) => tell(context, notice),
  });
  return exitCodes.done;
}

/** A line for each notice: for people on stderr, for programs on stdout. */
function tell({ host, output }: CommandContext, notice: WorkerNotice): void {
  const time = new Date(host.now()).toISOString();
  if (output.isJson) output.json({ time, ...notice });
  else output.note(`${time} ${textOf(notice)}`);
}

function textOf(notice: WorkerNotice): string {
  switch (notice.event) {
    case 'standing_by':
      return `standing by: process ${notice.owner ?? '?'} works in this data directory`;
    case 'working':
      return `working, ${notice.workers} attempts at a time`;
    case 'started':
    case 'taken_up':
      return `${notice.run} ${notice.event.replace('_', ' ')}: ${notice.title}`;
    case 'not_taken_up':
      return `${notice.run} not taken up: ${notice.failure.message}`;
    case 'rested':
      return `${notice.run} ${notice.status}${restText(notice)}`;
    case 'draining':
      return `draining, ${notice.inFlight} attempts in flight`;
    case 'stopped':
      return 'stopped';
  }
}

function restText({ failure, waitingFor }: Extract<WorkerNotice, { event: 'rested' }>): string {
  if (failure !== undefined) return `: ${failure.message}`;
  return waitingFor.length === 0
    ? ''
    : `: waits for ${waitingFor.map(({ kind }) => kind.replace('_', ' ')).join(', ')}`;
}
