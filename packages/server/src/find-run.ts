import type { EventStore, RunRow } from '@vltair/core';
import { VltairError } from '@vltair/protocol';

/** Fewer characters than this name no run. */
const SHORTEST_PART = 4;

/** More runs than any store of one machine holds. */
const ALL = 1_000_000;

/**
 * The run that a person means: its id, `last` for the newest, or any part of the id that no other run has. Ids of runs
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
  const part = text.toLowerCase();
  const matches = (await store.runs({ limit: ALL })).filter(({ run }) => run.includes(part));
  const [only, ...others] = matches;
  if (only === undefined) throw new VltairError('not_found/run', { detail: text });
  if (others.length > 0) throw ambiguous(text, matches);
  return only;
}

async function newestRun(store: EventStore): Promise<RunRow> {
  const [newest] = await store.runs({ limit: 1 });
  if (newest === undefined) throw new VltairError('not_found/run', { detail: 'the store is empty' });
  return newest;
}

function ambiguous(text: string, matches: readonly RunRow[]): VltairError {
  const named = matches.slice(0, 5).map(({ run }) => run);
  const more = matches.length > named.length ? `, and ${matches.length - named.length} more` : '';
  return new VltairError('invalid_argument/usage', { detail: `"${text}" is part of ${named.join(', ')}${more}` });
}
