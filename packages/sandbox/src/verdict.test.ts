import { expect, it } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import type { Cause, Outcome } from './execution.ts';
import type { Limits } from './request.ts';
import { judge } from './verdict.ts';

const LIMITS: Limits = {
  wallTimeMs: 1000,
  memoryBytes: 1024,
  processes: 8,
  cpuSeconds: 2,
  fileBytes: 1,
  outputBytes: 1,
};
const anOutcome = (cause: Cause, overrides: Partial<Outcome> = {}): Outcome => ({
  cause,
  code: 0,
  signal: null,
  started: true,
  stdout: '',
  stderr: '',
  durationMs: 1,
  termination: undefined,
  ...overrides,
});
const exit = (code: number | null, overrides: Partial<Outcome> = {}): Outcome =>
  anOutcome({ kind: 'exit' }, { code, ...overrides });

it.each<[string, Outcome, string]>([
  ['success', exit(0), 'OK 0 exit code 0'],
  ['a failing command', exit(2), 'OK 2 exit code 2'],
  ['a wall timeout, whatever the code', anOutcome({ kind: 'timeout' }, { code: 3 }), 'TIMEOUT 124 wall timeout'],
  ['a long run that ended by itself', exit(0, { durationMs: 10 ** 6 }), 'OK 0 exit code 0'],
  ['a spent processor', exit(152), 'TIMEOUT 124 cpu timeout of 2 s'],
  ['SIGKILL from nobody we know', exit(null, { signal: 'SIGKILL' }), 'KILLED_KILL 137 killed by SIGKILL'],
  ['SIGSEGV', exit(null, { signal: 'SIGSEGV' }), 'OK 139 exit code 139'],
  ['cancellation', anOutcome({ kind: 'cancelled' }), 'CANCELLED 137 cancelled by the caller'],
  [
    'memory, by the kernel',
    anOutcome({ kind: 'breach', breach: { kind: 'memory', by: 'kernel' } }),
    'MEM_LIMIT 137 memory limit of 1024 bytes',
  ],
  [
    'memory, by us',
    anOutcome({ kind: 'breach', breach: { kind: 'memory', by: 'supervisor' } }),
    'MEM_LIMIT 137 memory limit of 1024 bytes (supervised)',
  ],
  [
    'too many processes',
    anOutcome({ kind: 'breach', breach: { kind: 'processes', count: 9 } }),
    'KILLED_KILL 137 more than 8 processes',
  ],
  [
    'a sandbox that did not start',
    exit(1, { started: false, stderr: 'bwrap: no\nmore' }),
    'INTERNAL_ERROR 1 the sandbox did not start: bwrap: no',
  ],
  ['SIGSYS without the killing filter', exit(159), 'OK 159 exit code 159'],
])('%s', (_name, outcome, expected) => {
  verifies('V-26');
  verifies('V-25');
  verifies('AR-10');
  verifies('AR-12');
  const { status, exitCode, reason } = judge(outcome, LIMITS, false);
  expect(`${status} ${String(exitCode)} ${reason}`).toBe(expected);
});

it('SIGSYS under the killing filter is a denial', () => {
  verifies('SP-11');
  expect(judge(exit(159), LIMITS, true)).toMatchObject({ status: 'SANDBOX_DENIED', exitCode: 159 });
});

it('signal 24 is a timeout only when a processor limit was set', () => {
  verifies('V-26');
  expect(judge(exit(152), { ...LIMITS, cpuSeconds: undefined }, false)).toMatchObject({ status: 'OK', exitCode: 152 });
});
