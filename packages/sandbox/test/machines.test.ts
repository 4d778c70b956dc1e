/** Machines with less on them: the same product, in the strongest tier that is left. */
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import type { SandboxCapabilities, SandboxResult } from '../src/index.ts';
import { aRequest, aWorkDirectory, ORDINARY_USER, placeFault } from './tiers-under-test.ts';

const isRoot = process.getuid?.() === 0;
const CHILD = join(import.meta.dirname, 'describe-machine.ts');
const NODE = realpathSync(process.execPath);

interface Answer {
  readonly capabilities: SandboxCapabilities;
  readonly line?: string;
  readonly result: SandboxResult;
}

/** Runs a request in a process that is started by `wrapper`. */
function answerUnder(wrapper: readonly [string, ...string[]], identity: 'root' | 'user'): Answer {
  const workDirectory = aWorkDirectory({ identity, tier: 'process-group' });
  const request = aRequest(['/bin/sh', '-c', 'echo $TMPDIR; echo made > made; exit 3'], { workDirectory });
  const [file, ...args] = wrapper;
  const run = spawnSync(file, [...args, NODE, CHILD, JSON.stringify(request)], { encoding: 'utf8', cwd: '/' });
  expect(run.stderr).toBe('');
  return JSON.parse(run.stdout) as Answer;
}

/** A private mount namespace in which system programs are covered; one that is not installed needs no cover. */
function without(...programs: string[]): [string, ...string[]] {
  const installed = programs.map((program) => `/usr/bin/${program}`).filter((path) => existsSync(path));
  const covers = installed.map((path) => `mount --bind /dev/null ${path} && `).join('');
  return ['unshare', '--mount', 'sh', '-c', `${covers}exec "$@"`, 'sh'];
}

describe.runIf(isRoot)('as root', () => {
  it('without bubblewrap the namespaces tier works and the advice is to install it', () => {
    const { capabilities, line, result } = answerUnder(without('bwrap'), 'root');
    expect(result).toMatchObject({ status: 'OK', exitCode: 3, tier: 'namespaces', stdout: '/tmp\n' });
    expect(capabilities.advice).toEqual([expect.stringContaining('install bubblewrap')]);
    expect(capabilities.passedOver).toEqual([expect.objectContaining({ tier: 'bubblewrap', reason: 'not installed' })]);
    expect(line).toBe('sandbox: degraded isolation: no systemCalls (vltair doctor says what to install)');
  });

  it('without util-linux too the last tier works, still without our rights', () => {
    const { capabilities, line, result } = answerUnder(without('bwrap', 'setpriv', 'unshare'), 'root');
    expect(result).toMatchObject({ status: 'OK', exitCode: 3, tier: 'process-group' });
    expect(result.enforced.privileges).toMatchObject({ applied: true });
    expect(capabilities.advice).toEqual(expect.arrayContaining([expect.stringContaining('install util-linux')]));
    expect(line).toMatch(/^sandbox: unisolated: no filesystem, network, processTree, systemCalls/);
  });

  it('an ordinary user without user namespaces gets the last tier, which says so', ({ skip }) => {
    verifies('AR-4');
    const fault = placeFault({ identity: 'user', tier: 'process-group' });
    if (fault !== undefined) return skip(fault);
    const asUser = [
      'setpriv',
      '--reuid',
      String(ORDINARY_USER),
      '--regid',
      String(ORDINARY_USER),
      '--clear-groups',
    ] as const;
    const closed = ['bwrap', '--unshare-user', '--disable-userns', '--dev-bind', '/', '/', '--proc', '/proc', '--'];
    if (spawnSync(asUser[0], [...asUser.slice(1), ...closed, 'true']).status !== 0)
      return skip('bubblewrap cannot close user namespaces here');
    const { capabilities, result } = answerUnder([...asUser, ...closed], 'user');
    expect(result).toMatchObject({ status: 'OK', exitCode: 3, tier: 'process-group' });
    expect(capabilities.advice[0]).toMatch(/^allow unprivileged user namespaces/);
    expect(capabilities.passedOver.map(({ tier }) => tier)).toEqual(['bubblewrap', 'namespaces']);
    expect(capabilities.controlGroups.detected).toBe(false);
  });
});

describe.skipIf(isRoot)('as an ordinary user', () => {
  it('other machines cannot be simulated: covering programs needs root', ({ skip }) => skip('needs root'));
});
