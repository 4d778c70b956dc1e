import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { EventStore } from '../src/ports/event-store.ts';
import { Archiver, type ArchivedRun } from '../src/retention/archive-run.ts';
import { aRow, aRunOf, claimed, created } from './journal-builders.ts';
import { NO_RUNS, openReplayedStore } from './replayed-store.ts';

/** Opens a store, hands it to `work` and closes it. */
export async function withStore<T>(
  directory: string,
  work: (store: EventStore) => Promise<T>,
  mode: 'write' | 'read' = 'write',
): Promise<T> {
  const onWarning = (warning: string): void => expect.fail(warning);
  const store = await openReplayedStore({ ...NO_RUNS, directory, mode, now: () => 1, onWarning, commitOn: 'caller' });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** A run that has ended, of three events, which says `word` inline and `words` in a blob. */
export async function aFinishedRun(store: EventStore, run: string, word = 'plain'): Promise<void> {
  const blob = `${word} `.repeat(100_000 / (word.length + 1));
  await aRunOf(
    store,
    run,
    [created(word), claimed(blob), { type: 'run.succeeded' }],
    aRow({ status: 'succeeded', title: word }),
  );
}

export function archive(directory: string, run: string, now = 5_000): ArchivedRun | undefined {
  const archiver = new Archiver(directory);
  try {
    return archiver.archive(run, now);
  } finally {
    archiver.close();
  }
}

/** The files below a directory in which `word` stands. */
export function filesWith(directory: string, word: string): readonly string[] {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => existsSync(path) && readFileSync(path).includes(word));
}
