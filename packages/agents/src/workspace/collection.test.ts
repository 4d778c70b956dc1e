import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readlinkSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { announcePut, whileCollecting } from './collection.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vltair-collection-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const HERE = readlinkSync('/proc/self/ns/pid');

function markedBy(pid: number, namespace: string): void {
  writeFileSync(join(directory, 'collecting'), `${pid} ${namespace}`);
}

/** Whether a put goes ahead within a moment. */
async function isLetIn(): Promise<boolean> {
  const waits = new Promise<false>((resolve) => setTimeout(() => resolve(false), 200));
  return await Promise.race([announcePut(directory).then(() => true), waits]);
}

test('a put waits while a collection is under way, and goes ahead when it has ended', async () => {
  let release = (): void => {};
  const collecting = whileCollecting(directory, 1_000, async () => {
    await new Promise<void>((resolve) => (release = resolve));
    return 'collected';
  });
  const put = announcePut(directory);
  expect(await isLetIn()).toBe(false);
  release();
  expect(await collecting).toBe('collected');
  await put;
  expect(existsSync(join(directory, 'collecting'))).toBe(false);
});

test('a collection gives up when the store was used within its grace', async () => {
  await announcePut(directory);
  expect(await whileCollecting(directory, 60_000, async () => await Promise.resolve('collected'))).toBe('in_use');
  expect(await isLetIn()).toBe(true);
});

test('the mark of a collection that was killed holds nobody up; one of another process namespace does, until it is stale', async () => {
  const ended = Number(execFileSync('sh', ['-c', 'echo $$']).toString());
  markedBy(ended, HERE);
  expect(await isLetIn()).toBe(true);
  markedBy(process.ppid, HERE);
  expect(await isLetIn()).toBe(false);
  markedBy(ended, 'pid:[1]');
  expect(await isLetIn()).toBe(false);
  const longAgo = new Date(Date.now() - 11 * 60_000);
  utimesSync(join(directory, 'collecting'), longAgo, longAgo);
  expect(await isLetIn()).toBe(true);
});
