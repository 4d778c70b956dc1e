import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { whyNoServer } from './bench-database.ts';
import { storeKind } from './vltair/open-bench-store.ts';

const NOBODY = { ...process.env, BENCH_DATABASE_URL: 'postgres://somebody:secret@127.0.0.1:1/postgres' };

function aDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'vltair-bench-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test('where no server answers, the bench goes on without the contender and says why, without the password', () => {
  const words = ['--only', 'vltair-postgres', '--rounds', '1', join(aDirectory(), 'result.json')];
  const options = { encoding: 'utf8', env: NOBODY } as const;
  const bench = spawnSync(process.execPath, [join(import.meta.dirname, 'run.ts'), ...words], options);
  const reason = 'no PostgreSQL server answers at 127.0.0.1:1: connect ECONNREFUSED';
  expect(bench.stderr).toContain(`skipping vltair-postgres: ${reason}`);
  expect(bench.stdout).toContain(`vltair-postgres was skipped: ${reason}`);
  expect(bench.stdout + bench.stderr).not.toContain('secret');
  expect(bench.status).toBe(0);
});

test('a store on PostgreSQL has a database of its own, which is gone afterwards, whoever is still connected', async ({
  skip,
}) => {
  const reason = await whyNoServer();
  skip(reason !== undefined, reason);
  const directory = aDirectory();
  const kind = storeKind('postgres');
  const remove = await kind.prepare(directory);
  const store = await kind.open(directory);
  expect(await store.runs({})).toEqual([]);
  await remove();
  await expect(kind.open(directory, 'read')).rejects.toThrow();
  await store.close();
});

test('a process that is interrupted leaves no database', async ({ skip }) => {
  const reason = await whyNoServer();
  skip(reason !== undefined, reason);
  const [directory, database] = [aDirectory(), join(import.meta.dirname, 'bench-database.ts')];
  const script = `const { makeDatabase } = await import(${JSON.stringify(database)});
    console.log(await makeDatabase()); setTimeout(() => process.kill(process.pid, 'SIGINT'), 10); setInterval(() => {}, 1000)`;
  const options = { encoding: 'utf8', cwd: directory, timeout: 20_000 } as const;
  const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], options);
  expect(signal).toBe('SIGINT');
  const url = stdout.trim();
  expect(new URL(url).pathname).toMatch(/^\/vltair_bench_[0-9a-f]{12}$/u);
  const client = new pg.Client({ connectionString: url });
  await expect(client.connect()).rejects.toThrow('does not exist');
});
