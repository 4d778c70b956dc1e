import type { NodePlace, Replay, ReplayDifference } from '@vltair/server';
import { paintStatus } from './run-list.ts';
import { oneLine, table, type Paint } from './terminal-text.ts';

/** The state of a run at a moment. */
export function replayPage(replay: Replay, paint: Paint): string {
  const { run, seq, lastSeq, ts, status, budget, tree } = replay;
  const sets = [
    ['ready', placesText(replay.ready)],
    ['running', placesText(replay.running)],
    ['completed', placesText(replay.completed)],
    ['waiting', placesText(replay.waiting)],
    ['suspended', placesText(replay.suspended)],
    ['parked', placesText(replay.parked)],
    ['spent', `${budget.spent.calls} calls, ${budget.spent.candidates} candidates`],
    ...(tree === undefined ? [] : [['tree', tree]]),
  ];
  return [
    `${paint('bold', run)} after event ${seq} of ${lastSeq}, at ${new Date(ts).toISOString()}: ${paintStatus(status, paint)}`,
    ...table(sets).map((line) => `  ${line}`),
  ].join('\n');
}

function placesText(places: readonly NodePlace[]): string {
  if (places.length === 0) return '-';
  return places.map(({ node, visit, status }) => `${node}${visit > 1 ? `#${visit}` : ''} (${status})`).join(', ');
}

/** Where today's code decides otherwise than the log. */
export function differencesText(
  run: string,
  events: number,
  differences: readonly ReplayDifference[],
  paint: Paint,
): string {
  if (differences.length === 0)
    return `${paint('green', 'verified')}: ${run}: ${events} events give the same decisions again`;
  const lines = differences.flatMap(({ seq, afterFact, recorded, decided }) => [
    `  event ${seq}, after ${afterFact}`,
    `    recorded: ${oneLine(JSON.stringify(recorded ?? null))}`,
    `    decided:  ${oneLine(JSON.stringify(decided ?? null))}`,
  ]);
  return [`${paint('red', 'differs')}: ${run}: ${differences.length} of ${events} events`, ...lines].join('\n');
}
