/** What remains of a command, and of a killed product, in every place: nothing. */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, type TestContext } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import { createSandbox, type SandboxRequest } from '../src/index.ts';
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
  it('are removed at the next start, those of the living stay', async () => {
    verifies('AR-17');
    const tempRoot = mkdtempSync(join(tmpdir(), 'sandbox-root-'));
    chmodSync(tempRoot, 0o711);
    const { ownerText } = await import('../src/private-directory.ts');
    const make = (name: string, owner: string): string => {
      const path = join(tempRoot, name);
      mkdirSync(path);
      writeFileSync(join(path, 'owner'), owner);
      return path;
    };
    const living = make('vltair-a-1', ownerText());
    const dead = make('vltair-a-2', ownerText().replace(/^\d+-\d+/, '4194303-1'));
    const elsewhere = make('vltair-a-3', ownerText().replace(/^\d+-\d+-\d+/, '4194303-1-1'));
    const unrelated = make('vltair-notes', 'mine');
    await createSandbox({ tempRoot, only: 'process-group' }).capabilities();

    expect([living, dead, elsewhere, unrelated].map((path) => existsSync(path))).toEqual([true, false, true, true]);
    rmSync(tempRoot, { recursive: true });
  });

  it('include control groups', async (context) => {
    const { findGroupParents } = await import('../src/control-group-parents.ts');
    const { removeAbandonedGroups } = await import('../src/control-group.ts');
    const { ownerText } = await import('../src/private-directory.ts');
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
