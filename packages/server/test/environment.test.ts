import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { VltairError } from '@vltair/protocol';
import { describe, expect, onTestFinished, test } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import { sandboxOf } from '../src/application.ts';
import { environmentVariables, readConfiguration, type Configuration } from '../src/environment.ts';

const DIRECTORY = '/work/project';
const read = (environment: Record<string, string | undefined>): Configuration =>
  readConfiguration(environment, DIRECTORY);

const defaults: Configuration = {
  dataDirectory: undefined,
  databaseUrl: undefined,
  tenant: undefined,
  testMode: false,
  ciDiagnostics: undefined,
  queue: {},
  killOnSocket: false,
  reportCgroupsV2: false,
  httpAllow: [],
  shellNetwork: false,
  redaction: { prefixes: [], fields: {} },
};

test('what is unset or empty takes its default', () => {
  verifies('V-56');
  expect(read({})).toEqual(defaults);
  expect(read(Object.fromEntries(Object.keys(environmentVariables).map((name) => [name, ''])))).toEqual(defaults);
});

const file = (name: string) => join(DIRECTORY, name);
const accepted: readonly (readonly [name: string, value: string, expected: Partial<Configuration>])[] = [
  ['VLTAIR_DATA_DIR', '/data/vltair', { dataDirectory: '/data/vltair' }],
  ['VLTAIR_DATA_DIR', '../store/', { dataDirectory: '/work/store' }],
  ['VLTAIR_DATA_DIR', '~', { dataDirectory: homedir() }],
  ['VLTAIR_DATA_DIR', '~/runs', { dataDirectory: join(homedir(), 'runs') }],
  ['DATABASE_URL', 'postgres://vltair@db/vltair', { databaseUrl: 'postgres://vltair@db/vltair' }],
  ['VLTAIR_TENANT', 'team-a', { tenant: 'team-a' }],
  ['VLTAIR_TEST_MODE', '1', { testMode: true }],
  ['VLTAIR_TEST_MODE', '0', {}],
  ['VLTAIR_CI_DIAG', '1', { ciDiagnostics: { file: file('vltair-ci-diag.jsonl'), onStderr: false } }],
  ['VLTAIR_CI_DIAG', 'logs/diag.jsonl', { ciDiagnostics: { file: file('logs/diag.jsonl'), onStderr: false } }],
  ['VLTAIR_CI_DIAG', '0', {}],
  ['GITHUB_ACTIONS', 'true', {}],
  ['VLTAIR_SANDBOX_ENABLE_SECCOMP', '1', { killOnSocket: true }],
  ['VLTAIR_SANDBOX_ENABLE_CGROUPS_V2', '1', { reportCgroupsV2: true }],
  ['SCHEDULER_MAX_QUEUE', '20', { queue: { limit: 20 } }],
  ['POLICY', 'drop_oldest', { queue: { policy: 'drop_oldest' } }],
  [
    'VLTAIR_HTTP_ALLOW',
    'api.example.com, 127.0.0.1:8080,[::1]:80',
    { httpAllow: ['api.example.com', '127.0.0.1:8080', '[::1]:80'] },
  ],
  ['VLTAIR_SHELL_NETWORK', '1', { shellNetwork: true }],
  ['VLTAIR_REDACT_PREFIXES', 'acme_, zz-', { redaction: { prefixes: ['acme_', 'zz-'], fields: {} } }],
  [
    'VLTAIR_REDACT_FIELDS',
    'test_result=log,analysis=details, analysis=summary',
    { redaction: { prefixes: [], fields: { test_result: ['log'], analysis: ['details', 'summary'] } } },
  ],
];

test.each(accepted)('%s=%s is read', (name, value, expected) => {
  verifies('V-56');
  expect(read({ [name]: value })).toEqual({ ...defaults, ...expected });
});

test('every variable is read in some test above', () => {
  expect(new Set(accepted.map(([name]) => name))).toEqual(new Set(Object.keys(environmentVariables)));
});

test.each([
  ['VLTAIR_DATA_DIR', 'a\0b'],
  ['DATABASE_URL', 'mysql://root@db/app'],
  ['DATABASE_URL', 'db.internal'],
  ['VLTAIR_TENANT', '*'],
  ['VLTAIR_TENANT', '-a'],
  ['VLTAIR_TEST_MODE', 'yes'],
  ['SCHEDULER_MAX_QUEUE', '0'],
  ['SCHEDULER_MAX_QUEUE', 'many'],
  ['POLICY', 'drop_newest'],
  ['VLTAIR_SANDBOX_ENABLE_SECCOMP', 'true'],
  ['VLTAIR_SANDBOX_ENABLE_CGROUPS_V2', '2'],
  ['VLTAIR_HTTP_ALLOW', 'https://example.com'],
  ['VLTAIR_HTTP_ALLOW', 'example.com:0'],
  ['VLTAIR_HTTP_ALLOW', 'example.com:99999'],
  ['VLTAIR_HTTP_ALLOW', 'a.example,'],
  ['VLTAIR_HTTP_ALLOW', '*.example.com'],
  ['VLTAIR_HTTP_ALLOW', 'user@example.com'],
  ['VLTAIR_SHELL_NETWORK', 'on'],
  ['VLTAIR_REDACT_PREFIXES', 'acme_,'],
  ['VLTAIR_REDACT_PREFIXES', 'x'],
  ['VLTAIR_REDACT_FIELDS', 'log'],
  ['VLTAIR_REDACT_FIELDS', 'test_result='],
  ['VLTAIR_REDACT_FIELDS', 'test_result=log=x'],
  ['VLTAIR_REDACT_FIELDS', 'test_result=log,'],
  ['VLTAIR_REDACT_FIELDS', 'test_result=cases'],
  ['VLTAIR_REDACT_FIELDS', 'code=content'],
  ['VLTAIR_REDACT_FIELDS', 'constructor=name'],
])('%s=%j is refused, naming the variable and what it may hold', (name, value) => {
  verifies('V-56');
  const attempt = (): unknown => read({ [name]: value });
  expect(attempt).toThrow(VltairError);
  expect(attempt).toThrow(expect.objectContaining({ reason: 'invalid_argument/environment', where: name }));
  expect(attempt).toThrow(`${name} must be `);
});

test('docs/configuration.md lists every variable, and no other', () => {
  verifies('V-56');
  const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'configuration.md'), 'utf8');
  const rows = page.matchAll(/^\| `([A-Z_0-9]+)` +\| (.*?) +\|$/gm);
  const documented = Object.fromEntries([...rows].map(([, name = '', meaning = '']) => [name, meaning]));
  expect(documented).toEqual(environmentVariables);
});

describe('sandbox diagnostics', () => {
  test('go to the file that is named, and to stderr only under GITHUB_ACTIONS', async () => {
    verifies('V-28');
    const directory = mkdtempSync(join(tmpdir(), 'vltair-environment-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const environment = { VLTAIR_CI_DIAG: '1', GITHUB_ACTIONS: 'false' };
    const sandbox = sandboxOf(readConfiguration(environment, directory));
    await sandbox.run({
      argv: ['/bin/true'],
      workDirectory: directory,
      limits: { wallTimeMs: 10_000 },
      traceId: 'trace-1',
    });
    const lines = readFileSync(join(directory, 'vltair-ci-diag.jsonl'), 'utf8').trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(['start', 'completed']);
    expect(read({ VLTAIR_CI_DIAG: '1', GITHUB_ACTIONS: 'true' }).ciDiagnostics?.onStderr).toBe(true);
    expect(read({ GITHUB_ACTIONS: 'true' }).ciDiagnostics).toBeUndefined();
  });
});
