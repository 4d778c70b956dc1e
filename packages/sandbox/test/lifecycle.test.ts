/** What remains of a command, and of a killed product, in every place: nothing. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import {
  commandOwner,
  createPrivateDirectory,
  createSandbox,
  removeLeftovers,
  type SandboxRequest,
} from '../src/index.ts';
import { ownerText } from '../src/private-directory.ts';
import { commandLinesWith } from './hostile-trial.ts';
import { aWorkDirectory, ORDINARY_USER, placeFault, PLACES, runIn, type Place } from './tiers-under-test.ts';

const isRoot = process.getuid?.() === 0;
const STUBBORN = 'trap "" TERM; setsid sh -c \'trap "" TERM; sleep 200; sleep 200\' TOKEN & sleep 200; sleep 200';

function aSleeper(place: Place, token: string, overrides: Partial<SandboxRequest> = {}): SandboxRequest {
  const argv = ['/bin/sh', '-c', STUBBORN.replace('TOKEN', token), token] as const;
  return {
    argv,
    workDirectory: aWorkDirectory(place),
    limits: { wallTimeMs: 30_000 },
    traceId: 'lifecycle',
    ...overrides,
  };
}

/** Starts a process of the product in the place, running the request. */
function startOwner(place: Place, request: SandboxRequest): ChildProcess {
  const script = join(import.meta.dirname, 'run-requests.ts');
  const identity = isRoot && place.identity === 'user' ? { uid: ORDINARY_USER, gid: ORDINARY_USER } : {};
  const order = JSON.stringify({ options: { only: place.tier }, requests: [request] });
  return spawn(process.execPath, [script, order], { ...identity, cwd: '/', stdio: 'ignore' });
}

async function until(condition: () => boolean, boundMs: number): Promise<boolean> {
  const end = performance.now() + boundMs;
  while (!condition() && performance.now() < end) await delay(20);
  return condition();
}

function skipWhere(place: Place, context: TestContext): void {
  const fault = placeFault(place);
  if (fault !== undefined) context.skip(fault);
}

const inShell = (script: string, argument: string) => spawnSync('/bin/sh', ['-c', script, 'sh', argument]);

const privateDirectories = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('vltair-lifecycle-'));

describe.each(PLACES)('as $identity in the $tier tier', (place) => {
  it('no process survives a SIGKILL of the product', async (context) => {
    verifies('AR-16');
    skipWhere(place, context);
    const token = `killed-${place.identity}-${place.tier}`;
    const request = aSleeper(place, token);
    const owner = startOwner(place, request);
    // Two shells carry the token; the owner and its wrappers carry it in their arguments too.
    const isRunning = (): boolean => commandLinesWith(token).filter((line) => line.startsWith('sh -c')).length > 0;
    if (!(await until(isRunning, 8000))) context.skip('the tier does not work here');
    owner.kill('SIGKILL');
    await until(() => commandLinesWith(token).length === 0, place.tier === 'process-group' ? 300 : 3000);

    // The last tier leaves its orphans to the next start, which knows them by the marker of their dead owner.
    if (place.tier === 'process-group') await runIn(place, [{ ...request, argv: ['/bin/true'] }]);
    expect(commandLinesWith(token)).toEqual([]);
    await runIn(place, [{ ...request, argv: ['/bin/true'] }]);
    expect(privateDirectories()).toEqual([]);
  });

  it('a command that ends leaves neither its background processes nor its private directory', async (context) => {
    verifies('AR-16');
    verifies('AR-17');
    skipWhere(place, context);
    const token = `ended-${place.identity}-${place.tier}`;
    const background = `setsid sh -c 'sleep 100; sleep 100' ${token} & sleep 0.2`;
    const argv = (exit: number) => ['/bin/sh', '-c', `${background}; exit ${String(exit)}`, token] as const;
    const requests = [0, 5].map((exit) => aSleeper(place, token, { argv: argv(exit) }));
    const results = await runIn(place, requests);
    if (typeof results === 'string') return context.skip(results);

    expect(results.map(({ status, exitCode }) => `${status} ${String(exitCode)}`)).toEqual(['OK 0', 'OK 5']);
    expect(commandLinesWith(token)).toEqual([]);
    expect(privateDirectories()).toEqual([]);
  });
});

describe('cancellation', () => {
  it.for(['bubblewrap', 'namespaces', 'process-group'] as const)(
    'settles within 500 ms in the %s tier',
    async (tier, context) => {
      verifies('AR-16');
      const place: Place = { identity: isRoot ? 'root' : 'user', tier };
      const trial = await runIn(place, [aSleeper(place, 'trial', { argv: ['/bin/true'] })]);
      if (typeof trial === 'string') return context.skip(trial);
      const token = `cancelled-${tier}`;
      const controller = new AbortController();
      const sandbox = createSandbox({ only: tier });
      const works = await sandbox.capabilities();
      if (works.tier === 'none') return context.skip(works.mechanisms.processTree.reason);
      const running = sandbox.run(aSleeper(place, token, { signal: controller.signal }));
      await until(() => commandLinesWith(token).length >= 2, 5000);
      const begin = performance.now();
      controller.abort();
      const result = await running;

      expect(result).toMatchObject({ status: 'CANCELLED', reason: 'cancelled by the caller' });
      expect(performance.now() - begin).toBeLessThan(500);
      expect(commandLinesWith(token)).toEqual([]);
    },
  );

  it('before the start starts nothing', async () => {
    const place: Place = { identity: isRoot ? 'root' : 'user', tier: 'process-group' };
    const request = aSleeper(place, 'never', { signal: AbortSignal.abort() });
    expect(await createSandbox().run(request)).toMatchObject({ status: 'CANCELLED', durationMs: 0 });
  });
});

describe('remains of dead owners', () => {
  const dying = (): string => ownerText().replace(/^\d+-\d+/, '4194303-1');

  /** A temp root of its own with directories whose owners are given; undefined: none is named. */
  function aTempRoot(owners: Readonly<Record<string, string | undefined>>): string {
    const tempRoot = mkdtempSync(join(tmpdir(), 'sandbox-root-'));
    onTestFinished(() => rmSync(tempRoot, { recursive: true }));
    chmodSync(tempRoot, 0o711);
    for (const [name, owner] of Object.entries(owners)) {
      mkdirSync(join(tempRoot, name));
      if (owner !== undefined) writeFileSync(join(tempRoot, name, 'owner'), owner);
    }
    return tempRoot;
  }

  /** Of the process that runs this, but begun at another time: the number was taken by somebody else. */
  const reused = (): string => ownerText().replace(/^(\d+)-\d+/, '$1-1');

  it('are removed at the next start, those of the living stay', async () => {
    verifies('AR-17');
    const owners = {
      'vltair-a-1': ownerText(),
      'vltair-a-2': dying(),
      'vltair-a-3': ownerText().replace(/^\d+-\d+-\d+/, '4194303-1-1'),
      'vltair-a-4': reused(),
      'vltair-a-5': undefined,
      'vltair-notes': 'mine',
    };
    const tempRoot = aTempRoot(owners);
    await createSandbox({ tempRoot, only: 'process-group' }).capabilities();
    const left = ['vltair-a-1', 'vltair-a-3', 'vltair-a-5', 'vltair-notes'];
    expect(readdirSync(tempRoot).toSorted()).toEqual(left);
  });

  it('are told: what was removed, and what nobody can judge', async () => {
    verifies('AR-17');
    const tempRoot = aTempRoot({
      'vltair-a-1': ownerText(),
      'vltair-a-2': dying(),
      'vltair-a-3': 'x',
      'vltair-a-4': undefined,
    });
    utimesSync(join(tempRoot, 'vltair-a-4'), new Date(0), new Date(0));
    const reason = 'nobody here can tell whether its owner lives';
    expect(await removeLeftovers(tempRoot)).toEqual({
      removed: [join(tempRoot, 'vltair-a-2')],
      remaining: ['vltair-a-3', 'vltair-a-4'].map((name) => ({ path: join(tempRoot, name), reason })),
    });
  });

  it.runIf(isRoot)('are removed where root handed them over, unless a command names the owner', async () => {
    verifies('AR-17');
    const tempRoot = aTempRoot({ 'vltair-a-1': dying(), 'vltair-a-2': dying(), 'vltair-a-3': ownerText() });
    const owner = commandOwner();
    expect.assert(owner !== undefined);
    for (const name of readdirSync(tempRoot)) chownSync(join(tempRoot, name), owner.uid, owner.gid);
    const forged = join(tempRoot, 'vltair-a-2', 'owner');
    chownSync(forged, owner.uid, owner.gid);
    expect((await removeLeftovers(tempRoot)).removed).toEqual([join(tempRoot, 'vltair-a-1')]);
    expect(readdirSync(tempRoot).toSorted()).toEqual(['vltair-a-2', 'vltair-a-3']);
  });

  it('that cannot be removed keep nobody from working', async (context) => {
    const tempRoot = aTempRoot({ 'vltair-a-2': dying() });
    const path = join(tempRoot, 'vltair-a-2');
    mkdirSync(join(path, 'mounted'));
    const mounted = inShell('mount -t tmpfs none "$1"', join(path, 'mounted'));
    if (mounted.status !== 0) return context.skip('nothing can be mounted here');
    onTestFinished(() => void inShell('umount -l "$1"', join(path, 'mounted')));
    expect((await removeLeftovers(tempRoot)).remaining).toMatchObject([
      { path, reason: expect.stringContaining('it cannot be removed: ') },
    ]);
    expect((await createSandbox({ tempRoot, only: 'process-group' }).capabilities()).tier).toBe('process-group');
  });

  it('D4: a directory has a number that no other process gives', async () => {
    verifies('AR-17');
    const tempRoot = aTempRoot({});
    await using one = createPrivateDirectory(tempRoot, 'trace');
    await using other = createPrivateDirectory(tempRoot, 'trace');
    const numbers = [one, other].map(({ path }) => /^vltair-trace-(\d+)$/.exec(basename(path))?.[1] ?? '');
    expect(numbers.map((text) => text.slice(0, -6))).toEqual([`${process.pid}`, `${process.pid}`]);
    expect(numbers[0]).not.toBe(numbers[1]);
  });

  it('include control groups', async (context) => {
    const { findGroupParents } = await import('../src/control-group-parents.ts');
    const { removeAbandonedGroups } = await import('../src/control-group.ts');
    const found = findGroupParents();
    if (found.parents === undefined) return context.skip(found.reason);
    const parent = found.parents.memory;
    const dead = join(parent, `vltair-${ownerText().replace(/^\d+-\d+/, '4194303-1')}-7`);
    const living = join(parent, `vltair-${ownerText()}-7777`);
    mkdirSync(dead);
    mkdirSync(living);
    const orphan = spawn('sleep', ['50'], { stdio: 'ignore' });
    writeFileSync(join(dead, 'cgroup.procs'), String(orphan.pid));

    expect(await removeAbandonedGroups(found.parents)).toBe(1);
    expect([existsSync(dead), existsSync(living)]).toEqual([false, true]);
    await until(() => orphan.signalCode !== null, 1000);
    expect(orphan.signalCode).toBe('SIGKILL');
    rmdirSync(living);
  });
});
