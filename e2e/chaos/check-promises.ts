import type { CommandAnswer } from '../../packages/core/src/index.ts';
import type { RunEvent } from '../../packages/protocol/src/index.ts';
import type { Heard } from './heard.ts';

/** `undefined`: there is no such run. */
type Log = readonly RunEvent[] | undefined;

/** What the processes heard of one run, against its log: nothing that was acknowledged is missing. Sentences. */
export function faultsOfPromises(
  events: Log,
  heard: readonly Heard[],
  answers: ReadonlyMap<string, CommandAnswer>,
): readonly string[] {
  return heard.flatMap((each) => faultOf(each, events, answers) ?? []);
}

function faultOf(
  heard: Heard,
  log: Log,
  answers: ReadonlyMap<string, CommandAnswer>,
): string | readonly string[] | undefined {
  switch (heard.what) {
    case 'owner':
      return undefined;
    case 'started':
      return log === undefined ? 'its start was acknowledged, and it is not there' : undefined;
    case 'committed':
      return heard.events.flatMap((seen) => faultOfEvent(seen, log) ?? []);
    case 'sent':
      return answers.has(heard.id) ? undefined : `the inbox took ${heard.id}, and nobody answered it`;
    case 'answered':
      return faultOfAnswer(heard, log);
  }
}

type Seen = Extract<Heard, { what: 'committed' }>['events'][number];

function faultOfEvent([seq, type, epoch, ts]: Seen, log: Log): string | undefined {
  const event = log?.[seq - 1];
  if (event === undefined) return `event ${seq} (${type}) was committed, and is not there`;
  const isSame = event.payload.type === type && event.epoch === epoch && event.ts === ts;
  return isSame
    ? undefined
    : `event ${seq} was committed as ${type} of epoch ${epoch}, and is ${event.payload.type} of ${event.epoch}`;
}

/** A start stands in the log as the run itself; any other command as one event that names it. */
function faultOfAnswer({ id, type, reason }: Extract<Heard, { what: 'answered' }>, log: Log): string | undefined {
  const events = log?.map((event) => event.payload) ?? [];
  const count = events.filter((payload) => 'commandId' in payload && payload.commandId === id).length;
  if (type === 'start')
    return reason === undefined && log === undefined ? `${id} was done, and it is not there` : undefined;
  if (reason === undefined) return count === 1 ? undefined : `${id} was done, and stands ${count} times in the log`;
  return count === 0 ? undefined : `${id} was refused with ${reason}, and stands in the log`;
}
