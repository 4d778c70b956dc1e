import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { measureTakeover } from './measure-takeover.ts';

test('the runs of a worker that is killed are claimed by the one beside it, the first of them first', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'vltair-bench-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const { firstMs, allMs } = await measureTakeover(directory, 'sqlite', 3);
  expect(firstMs).toBeGreaterThan(0);
  expect(allMs).toBeGreaterThanOrEqual(firstMs);
});

test('a takeover is measured where a server answers, and nowhere else', () => {
  const env = { ...process.env, BENCH_DATABASE_URL: 'postgres://somebody@127.0.0.1:1/postgres' };
  const script = join(import.meta.dirname, 'measure-takeover.ts');
  const { status, stderr } = spawnSync(process.execPath, [script, '--json'], { encoding: 'utf8', env });
  expect(stderr).toContain('vltair-postgres cannot be measured: no PostgreSQL server answers at 127.0.0.1:1');
  expect(status).toBe(1);
});
