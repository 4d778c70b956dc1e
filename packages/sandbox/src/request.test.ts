import { mkdtempSync, rmdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import type { SandboxRequest } from './port.ts';
import { acceptRequest, DEFAULT_LIMITS, SandboxRequestInvalid } from './request.ts';

const workDirectory = mkdtempSync(join(tmpdir(), 'sandbox-request-'));
afterAll(() => rmdirSync(workDirectory));

const aRequest = (overrides: Partial<SandboxRequest> = {}): SandboxRequest => ({
  argv: ['true'],
  workDirectory,
  limits: { wallTimeMs: 1000 },
  traceId: 'trace-1',
  ...overrides,
});

it('a request gets its defaults and clean paths', () => {
  expect(
    acceptRequest(aRequest({ workDirectory: `${workDirectory}//x/../`, readOnlyPaths: ['/opt//tool/', '/opt/tool'] })),
  ).toMatchObject({
    workDirectory,
    directory: workDirectory,
    readOnlyPaths: ['/opt/tool'],
    network: 'off',
    mode: 'best-effort',
    limits: { ...DEFAULT_LIMITS, memoryBytes: undefined },
  });
});

it.each<[string, Partial<SandboxRequest>]>([
  ['argv', { argv: [''] }],
  ['argv', { argv: ['a\0b'] }],
  ['workDirectory', { workDirectory: 'relative' }],
  ['workDirectory', { workDirectory: '/no/such/directory' }],
  ['workDirectory', { workDirectory: homedir() }],
  ['cwd', { cwd: '../elsewhere' }],
  ['readOnlyPaths', { readOnlyPaths: ['/'] }],
  ['readOnlyPaths', { readOnlyPaths: ['/usr/../etc'] }],
  ['readOnlyPaths', { readOnlyPaths: ['/var/run/'] }],
  ['environment', { environment: { 'A=B': '' } }],
  ['environment', { environment: { A: 'x\0y' } }],
  ['limits.wallTimeMs', { limits: { wallTimeMs: 0 } }],
  ['limits.memoryBytes', { limits: { wallTimeMs: 1, memoryBytes: 1.5 } }],
  ['traceId', { traceId: '../../etc' }],
])('a wrong %s is the mistake of the caller (%o)', (reason, overrides) => {
  expect(() => acceptRequest(aRequest(overrides))).toThrow(
    expect.objectContaining({ name: 'SandboxRequestInvalid', reason }),
  );
});

it('a refusal never shows the value of a variable', () => {
  verifies('SP-13');
  const attempt = (): unknown => acceptRequest(aRequest({ environment: { TOKEN: 'hunter2\0' } }));
  expect(attempt).toThrow(SandboxRequestInvalid);
  expect(attempt).not.toThrow(/hunter2/);
});
