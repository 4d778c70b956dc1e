import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { errnos, Shim } from './shim.ts';

const root = mkdtempSync(join(tmpdir(), 'vltair-shim-'));
const data = join(root, 'data');
mkdirSync(data);
const shim = Shim.make(root);
afterAll(() => {
  shim?.close();
  rmSync(root, { recursive: true, force: true });
});

/** What a Node process under the shim prints. */
function run(made: Shim, script: string): string {
  const words = ['--input-type=module', '--eval', script];
  const env = { ...process.env, ...made.environment(data), DATA: data };
  const { stdout, stderr } = spawnSync(process.execPath, words, { env, encoding: 'utf8' });
  expect(stderr).not.toContain('Error');
  return stdout;
}

const commit = `
  import { DatabaseSync } from 'node:sqlite';
  const database = new DatabaseSync(process.env.DATA + '/x.db');
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS t (a)');
  try {
    const begin = performance.now();
    database.exec('INSERT INTO t VALUES (1)');
    process.stdout.write('took ' + Math.floor(performance.now() - begin));
  } catch (error) {
    process.stdout.write('errcode ' + error.errcode);
  }`;

test.skipIf(shim === undefined)('a sync is slow, or fails, only while it is told to; needs gcc', () => {
  if (shim === undefined) return;
  expect(run(shim, commit)).toMatch(/^took/);
  shim.set('syncDelayUs', 120_000);
  expect(Number(run(shim, commit).slice('took '.length))).toBeGreaterThanOrEqual(120);
  shim.set('syncDelayUs', 0);
  shim.set('syncErrno', errnos.EIO);
  expect(run(shim, commit)).toBe('errcode 1034'); // SQLITE_IOERR_FSYNC
  expect(shim.count('syncsFailed')).toBeGreaterThan(0);
  shim.set('syncErrno', 0);
  expect(run(shim, commit)).toMatch(/^took/);
});

const write = `
  import { writeFileSync } from 'node:fs';
  const codeOf = (path) => {
    try {
      writeFileSync(path, 'text');
      return 'done';
    } catch (error) {
      return error.code;
    }
  };
  process.stdout.write(codeOf(process.env.DATA + '/file') + ' ' + codeOf('/dev/null'));`;

test.skipIf(shim === undefined)('writes below its path are refused as a full disk refuses them; needs gcc', () => {
  if (shim === undefined) return;
  shim.set('writeErrno', errnos.ENOSPC);
  expect(run(shim, write)).toBe('ENOSPC done');
  shim.set('writeErrno', 0);
  expect(run(shim, write)).toBe('done done');
});

test.skipIf(shim === undefined)('the wall clock jumps, the monotonic one does not; needs gcc', () => {
  if (shim === undefined) return;
  shim.set('clockShiftNs', 3_600e9);
  const [wall = 0, monotonic = 0] = run(shim, "process.stdout.write(Date.now() + ' ' + performance.now())")
    .split(' ')
    .map(Number);
  shim.set('clockShiftNs', 0);
  expect(wall - Date.now()).toBeGreaterThan(3_500_000);
  expect(monotonic).toBeLessThan(60_000);
});
