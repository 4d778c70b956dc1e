import type { EventStore, RunRow } from '@vltair/core';
import { VltairError } from '@vltair/protocol';

/** Fewer characters than this name no run. */
const SHORTEST_PART = 4;

/** As many as a message names, and one more. */
const NAMED = 5;

/**
 * The run that a person means: its id, `last` for the newest that is not part of another one, or any part of the id that no other run has. Ids of runs
 * that were made close together begin alike, so the end of an id is the shorter name.
 *
 * @throws VltairError `not_found/run`, `invalid_argument/usage` for a part that is too short or that several runs share.
 */
export async function findRun(store: EventStore, text: string): Promise<RunRow> {
  if (text === 'last') return await newestRun(store);
  const exact = await store.run(text);
  if (exact !== undefined) return exact;
  if (text.length < SHORTEST_PART) {
    throw new VltairError('invalid_argument/usage', { detail: `"${text}" is too short to name a run` });
  }
  const matches = await store.runs({ idPart: text.toLowerCase(), limit: NAMED + 1 });
  const [only, ...others] = matches;
  if (only === undefined) throw new VltairError('not_found/run', { detail: text });
  if (others.length > 0) throw ambiguous(text, matches);
  return only;
}

async function newestRun(store: EventStore): Promise<RunRow> {
  const [newest] = await store.runs({ isWhole: true, limit: 1 });
  if (newest === undefined) throw new VltairError('not_found/run', { detail: 'the store is empty' });
  return newest;
}

function ambiguous(text: string, matches: readonly RunRow[]): VltairError {
  const named = matches.slice(0, NAMED).map(({ run }) => run);
  const more = matches.length > NAMED ? ', and of more' : '';
  return new VltairError('invalid_argument/usage', { detail: `"${text}" is part of ${named.join(', ')}${more}` });
}
