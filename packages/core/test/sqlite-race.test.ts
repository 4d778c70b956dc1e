import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { aDirectory } from './journal-builders.ts';

const root = aDirectory();
afterAll(() => root.remove());

const script = `
  import { openSqliteStore } from ${JSON.stringify(new URL('../src/journal/open-sqlite-store.ts', import.meta.url).href)};
  import { setTimeout as sleep } from 'node:timers/promises';
  const [directory, start] = process.argv.slice(1);
  await sleep(Number(start) - Date.now());
  const store = await openSqliteStore({ directory, mode: 'write_or_read', now: Date.now, onWarning: console.error });
  console.log(store.ownership.kind, store.signer().fingerprint);
  await sleep(500);
  await store.close();`;

test('of processes that open a new directory at one moment one owns it and the others read the same store', async () => {
  const start = String(Date.now() + 2_500);
  const argv = ['--input-type=module', '-e', script, `${root.path}/data`, start];
  const processes = await Promise.all(Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, argv)));
  const [kinds, keys] = [0, 1].map((column) => processes.map(({ stdout }) => stdout.trim().split(' ')[column]));
  expect(kinds?.toSorted()).toEqual(['reader', 'reader', 'reader', 'writer']);
  expect(new Set(keys).size).toBe(1);
});
