import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { TcpProxy } from './chaos/tcp-proxy.ts';
import { verifies } from './verifies.ts';
import { aPostgresPlace, noPostgres } from '../packages/core/test/postgres-place.ts';
import {
  parseJson,
  runCommand,
  runHere,
  startCommand,
  temporaryDirectory,
  type Running,
} from '../packages/cli/test/command-fixture.ts';

// A store in a PostgreSQL database: any number of workers, and commands of other processes, as real processes.

const STEP_MS = 4_000;

/** Two steps, of which the second takes a while and may be done again. */
const WORKFLOW = `name: two
nodes:
  - id: first
    agent: shell
    action: run
    input: { script: "echo one >> first.txt" }
  - id: second
    needs: [first]
    agent: shell
    action: run
    maxAttempts: 2
    input: { script: "sleep ${STEP_MS / 1_000}; echo two", repeatable: true }
`;
const ASKING = `name: asking
nodes:
  - id: ask
    approval: { message: "Ship?" }
  - id: ship
    needs: [ask]
    agent: transform
    action: evaluate
    input: { expressions: { sum: "1 + 1" } }
`;
const NAP = `name: nap
nodes:
  - id: nap
    sleep: 30m
`;

interface SharedProject {
  readonly directory: string;
  readonly environment?: Readonly<Record<string, string>>;
}

async function aProject({ isFile = false } = {}): Promise<SharedProject> {
  const place = await aPostgresPlace();
  onTestFinished(() => place.remove());
  const directory = temporaryDirectory();
  for (const [name, text] of Object.entries({ two: WORKFLOW, asking: ASKING, nap: NAP }))
    writeFileSync(join(directory, `${name}.yaml`), text);
  mkdirSync(join(directory, '.vltair'), { recursive: true, mode: 0o700 });
  return { directory, environment: isFile ? { TO: place.url } : { DATABASE_URL: place.url } };
}

async function aWorker(
  project: SharedProject,
  words: readonly string[] = [],
  within: readonly string[] = [],
): Promise<Running> {
  const worker = startCommand(['work', '--json', ...words], { ...project, within });
  onTestFinished(() => void worker.process.kill('SIGKILL'));
  await worker.until(/"working"/);
  return worker;
}

/** Where a process has no network: not even that of this machine. */
const NAMESPACE = ['unshare', '--net'];
const hasNamespaces = spawnSync(NAMESPACE[0] ?? '', [...NAMESPACE.slice(1), 'true']).status === 0;

/** A way to the database that can be cut, for a process that has no other. */
async function aLink({ environment = {} }: SharedProject) {
  const address = new URL(environment['DATABASE_URL'] ?? '');
  const target = { host: address.hostname, port: Number(address.port || 5432) };
  const directory = temporaryDirectory();
  const proxy = await TcpProxy.open(target, join(directory, '.s.PGSQL.5432'));
  onTestFinished(() => proxy.close());
  address.searchParams.set('host', directory);
  address.port = '5432';
  return { proxy, environment: { DATABASE_URL: address.href } };
}

async function livingIn(project: SharedProject): Promise<number> {
  const { stdout } = await runHere(['status', '--json'], project);
  const { workers = [] } = parseJson(stdout)['store'] as { readonly workers?: readonly unknown[] };
  return workers.length;
}

async function rowsOf(project: SharedProject): Promise<readonly { run: string; status: string; workflow: string }[]> {
  const { stdout } = await runHere(['runs', '--json'], project);
  return parseJson(stdout)['runs'] as readonly { run: string; status: string; workflow: string }[];
}

async function eventsOf(
  project: SharedProject,
  run: string,
): Promise<readonly { type: string; epoch: number; ts: number }[]> {
  const { stdout } = await runHere(['events', run, '--json'], project);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { payload: { type: string }; epoch: number; ts: number });
  return lines.map(({ payload, epoch, ts }) => ({ type: payload.type, epoch, ts }));
}

async function interrupted(words: readonly string[], project: SharedProject, when: RegExp): Promise<void> {
  const command = startCommand(words, project);
  await command.until(when);
  await sleep(300);
  command.process.kill('SIGKILL');
  await command.result;
}

describe.skipIf(noPostgres !== undefined)(noPostgres ?? 'with PostgreSQL', () => {
  test('a run works here when nobody stays, and is in the database alone', async () => {
    verifies('H-14');
    verifies('S-53');
    const project = await aProject();
    const ran = await runHere(['run', 'asking.yaml', '--json'], project);
    expect(ran.code, ran.stderr).toBe(3);
    expect(ran.stderr).toMatch(/ in postgres:\/\/vltair_test_\w+@/);
    const approved = await runHere(['approve', 'last', '--json'], project);
    expect(approved.code, approved.stderr + approved.stdout).toBe(0);
    expect(await rowsOf(project)).toMatchObject([{ status: 'succeeded', workflow: 'asking' }]);
    expect((await runHere(['runs'], { directory: project.directory })).stderr).toContain('not_found/store');
    const { stdout } = await runHere(['verify', 'last'], project);
    expect(stdout).toContain('verified');
  });

  test('the runs of a worker that is killed go on with another one, within seconds', async () => {
    const project = await aProject();
    const workers = [await aWorker(project), await aWorker(project)];
    const following = startCommand(['run', 'two.yaml', '--json'], project);
    await following.until(/▸ second/);
    const run = (await rowsOf(project))[0]?.run ?? '';
    const outputs = await Promise.all(
      workers.map((worker) => Promise.race([worker.until(/"started"/), sleep(200, '')])),
    );
    const dead = workers[outputs.findIndex((text) => text.includes('"started"'))];
    const killed = Date.now();
    dead?.process.kill('SIGKILL');
    const { code, stdout } = await following.result;
    expect(stdout).toContain('"status"');
    const claim = (await eventsOf(project, run)).find(({ type }) => type === 'run.claimed');
    expect((claim?.ts ?? Infinity) - killed).toBeLessThan(10_000);
    expect([0, 3]).toContain(code);
    expect((await runHere(['replay', run, '--verify'], project)).code).toBe(0);
  });

  test('a worker that stands still loses its runs, writes no more, and goes on under a new lease when it wakes', async () => {
    const project = await aProject();
    const first = await aWorker(project);
    const asked = await runCommand(['run', 'asking.yaml', '--json'], project);
    const run = String(parseJson(asked.stdout)['run']);
    first.process.kill('SIGSTOP');
    const second = await aWorker(project);
    await sleep(4_000);
    const approved = await runCommand(['approve', run, '--json'], project);
    expect(approved.code, approved.stderr).toBe(0);
    const before = (await eventsOf(project, run)).map(({ epoch }) => epoch);
    expect(new Set(before).size).toBe(2);
    first.process.kill('SIGCONT');
    await expect
      .poll(async () => parseJson((await runHere(['status', '--json'], project)).stdout)['store'], { timeout: 15_000 })
      .toMatchObject({ workers: [{ isStanding: true }, { isStanding: true }] });
    for (const worker of [first, second]) worker.process.kill('SIGTERM');
    expect((await first.result).code).toBe(0);
    expect((await second.result).code).toBe(0);
    expect((await eventsOf(project, run)).map(({ epoch }) => epoch)).toEqual(before);
  });

  test('what is at work on a worker that is told to leave goes on with another one at once', async () => {
    const project = await aProject();
    const first = await aWorker(project, ['--grace', '1s']);
    const following = startCommand(['run', 'two.yaml', '--json'], project);
    await following.until(/▸ second/);
    const run = (await rowsOf(project))[0]?.run ?? '';
    const second = await aWorker(project);
    const told = Date.now();
    first.process.kill('SIGTERM');
    expect((await first.result).code).toBe(0);
    await second.until(/"taken_up"/);
    const claim = (await eventsOf(project, run)).find(({ type }) => type === 'run.claimed');
    expect((claim?.ts ?? Infinity) - told).toBeLessThan(8_000);
    await following.result;
  });

  test.skipIf(!hasNamespaces)(
    'a worker in a network of its own, cut off from the database, stops; another takes its runs over; healed, it works again',
    async () => {
      const project = await aProject();
      const links = [await aLink(project), await aLink(project)];
      const workers: Running[] = [];
      for (const { environment } of links) workers.push(await aWorker({ ...project, environment }, [], NAMESPACE));
      const following = startCommand(['run', 'two.yaml', '--json'], project);
      await following.until(/▸ second/);
      const run = (await rowsOf(project))[0]?.run ?? '';
      const outputs = await Promise.all(
        workers.map((worker) => Promise.race([worker.until(/"started"/), sleep(200, '')])),
      );
      const at = outputs.findIndex((text) => text.includes('"started"'));
      links[at]?.proxy.setMode({ kind: 'blackhole' });
      await workers[1 - at]?.until(/"taken_up"/);
      await workers[at]?.until(/lease of this worker cannot be renewed/);
      expect((await following.result).code).toBe(0);
      const epochs = (await eventsOf(project, run)).map(({ epoch }) => epoch);
      expect(epochs).toEqual(epochs.toSorted((left, right) => left - right));
      links[at]?.proxy.setMode({ kind: 'pass' });
      await expect.poll(async () => await livingIn(project), { timeout: 30_000 }).toBe(2);
      expect((await eventsOf(project, run)).map(({ epoch }) => epoch)).toEqual(epochs);
      for (const worker of workers) worker.process.kill('SIGTERM');
      for (const worker of workers) expect((await worker.result).code).toBe(0);
    },
    180_000,
  );

  test('runs are of the tenant for whom they are begun', async () => {
    const project = await aProject();
    const environment = { ...project.environment, VLTAIR_TENANT: 'team-a' };
    const worker = await aWorker(project);
    const ran = await runHere(['run', 'asking.yaml', '--json'], { ...project, environment });
    expect(ran.code, ran.stderr).toBe(3);
    const { stdout } = await runHere(['runs', '--json'], project);
    expect(parseJson(stdout)['runs']).toMatchObject([{ tenant: 'team-a' }]);
    worker.process.kill('SIGTERM');
    await worker.result;
  });

  test('a store moves into the database with its runs, and they go on there', async () => {
    verifies('H-28');
    verifies('S-53');
    const { directory, environment = {} } = await aProject({ isFile: true });
    const [here, there] = [{ directory }, { directory, environment: { DATABASE_URL: environment['TO'] ?? '' } }];
    await runHere(['run', 'asking.yaml'], here);
    await interrupted(['run', 'nap.yaml'], here, /^run /m);
    await interrupted(['run', 'two.yaml'], here, /▸ second/);
    const before = await rowsOf(here);
    expect(before.map(({ status }) => status).toSorted()).toEqual(['paused', 'paused', 'running']);
    const moved = await runHere(['move', '--json'], there);
    expect(parseJson(moved.stdout), moved.stderr).toMatchObject({ ok: true, runs: { running: 1, paused: 2 } });
    expect(moved.stdout + moved.stderr).not.toContain('password');
    const refused = await runHere(['run', 'asking.yaml'], here);
    expect(refused.stderr).toContain('unavailable/store_moved');
    expect(await rowsOf(there)).toEqual(before);
    const asking = before.find(({ workflow }) => workflow === 'asking')?.run ?? '';
    expect((await runHere(['approve', asking], there)).code).toBe(0);
    const worker = await aWorker(there);
    await worker.until(/"taken_up"/);
    expect((await rowsOf(there)).find(({ run }) => run === asking)?.status).toBe('succeeded');
    const aborted = await runHere(['move', '--abort'], there);
    expect(aborted.stderr).toContain('unavailable/store_moved');
  });

  test('what works on files alone says so, and a database that is not there is named without its password', async () => {
    verifies('H-14');
    const project = await aProject();
    for (const words of [['gc'], ['backup', 'copy'], ['archive', 'last']])
      expect((await runHere(words, project)).stderr).toContain('invalid_argument/database_store');
    const environment = { DATABASE_URL: 'postgres://ann:secret@127.0.0.1:1/none' };
    const { code, stderr } = await runHere(['run', 'asking.yaml'], { ...project, environment });
    expect(code).toBe(1);
    expect(stderr).toContain('unavailable/store_unreachable');
    expect(stderr).not.toContain('secret');
    const doctor = await runHere(['doctor'], { ...project, environment });
    expect(doctor.stdout).toMatch(/✖ database/);
    expect((await runHere(['doctor'], project)).stdout).toMatch(/✔ database +PostgreSQL \d+/);
  });
});
