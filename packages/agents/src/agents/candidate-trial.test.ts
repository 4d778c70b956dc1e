import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestResult } from '@vltair/protocol';
import { createSandbox } from '@vltair/sandbox';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Candidate } from '../repair/index.ts';
import { openWorkspace, type Workspace } from '../workspace/workspace.ts';
import { tryCandidates } from './candidate-trial.ts';
import type { Project } from './project-input.ts';
import { ProjectTests } from './project-tests.ts';
import { TrialCrew } from './trial-bench.ts';

const SOURCE = 'export const wait = () => 1;\n';
const TEST = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wait } from './src/wait.js';
test('waits', async () => assert.equal(await wait(), 2));
`;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

let directory: string;
let workspace: Workspace;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'vltair-trial-'));
  workspace = await openWorkspace({ dataDirectory: join(directory, 'data') });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Another body for `wait`. */
function aCandidate(id: string, after: string): Candidate {
  const [start, end] = [SOURCE.indexOf('1;'), SOURCE.indexOf(';')];
  const edit = { file: 'src/wait.js', start, end, replacement: after, line: 1, operator: 'constant', rank: 0 } as const;
  return {
    id,
    score: 1,
    edit: { ...edit, before: SOURCE.trim(), after, size: 1, role: '', form: '', plausibility: 1 },
  };
}

test('a trial that runs out of time is tried again alone with twice the time, and only then given up', async () => {
  const root = join(directory, 'project');
  mkdirSync(join(root, 'src'), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(root, 'src/wait.js'), SOURCE);
  writeFileSync(join(root, 'wait.test.js'), TEST);
  const { tree } = await workspace.capture(root);
  const command: Project['commands'][number] = {
    runner: 'node-test',
    directory: '.',
    nodeOptions: [],
    arguments: ['wait.test.js'],
    environment: {},
  };
  const project: Project = {
    directory: root,
    dependencies: [],
    commands: [command],
    testTimeoutMs: 2_000,
    sandboxMode: 'best-effort',
  };
  const failing: TestResult = {
    kind: 'test_result',
    runner: 'node-test',
    command: ['node'],
    outcome: 'failed',
    exitCode: 1,
    durationMs: 100,
    cases: [{ id: 'wait.test.js > waits', title: 'waits', file: 'wait.test.js', status: 'failed' }],
    flaky: [],
    log: '',
  };
  let tried = 0;
  const subject = {
    project,
    tree,
    sources: new Map([['src/wait.js', SOURCE]]),
    failing,
    traceId: TRACE,
  };
  const candidates = [
    aCandidate('slow', 'new Promise((done) => setTimeout(() => done(2), 2200))'),
    aCandidate('wrong', '3'),
    aCandidate('endless', '{ for (;;); }'),
    aCandidate('right', '2'),
  ];
  const tests = new ProjectTests({ sandbox: createSandbox(), workspace, environment: process.env });
  await using crew = new TrialCrew(tests, subject, 2);
  const trial = { signal: new AbortController().signal, tried: () => (tried += 1) };
  const verdicts = await tryCandidates(crew, trial, candidates);
  expect(verdicts.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual([
    'slow passes',
    'wrong fails',
    'endless timed_out',
    'right passes',
  ]);
  expect(tried).toBe(4);
}, 60_000);
