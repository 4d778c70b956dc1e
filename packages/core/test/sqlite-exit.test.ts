import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { aDirectory } from './journal-builders.ts';

const root = aDirectory();
afterAll(() => root.remove());

/** What a process prints that opens a store and appends, then does what `ending` says. */
async function processThat(ending: string): Promise<string> {
  const script = `
    import { openSqliteStore } from ${JSON.stringify(new URL('../src/journal/open-sqlite-store.ts', import.meta.url).href)};
    import { anAppend } from ${JSON.stringify(new URL('./journal-builders.ts', import.meta.url).href)};
    const options = { directory: ${JSON.stringify(root.path)}, now: Date.now, onWarning: console.log };
    const store = await openSqliteStore({ ...options, mode: 'write' });
    const append = () => store.append(anAppend(store, { run: String(store.ownership.epoch) }));
    ${ending}`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    timeout: 30_000,
  });
  return stdout + stderr;
}

test('a process whose store nobody closes ends by itself, with its appends answered', async () => {
  expect(await processThat('console.log((await append()).kind);')).toBe('appended\n');
});

test('closing while appends are under way answers them and ends the process', async () => {
  const ending = "append().then(({ kind }) => console.log(kind)); await store.close(); console.log('closed');";
  expect(await processThat(ending)).toBe('appended\nclosed\n');
});
