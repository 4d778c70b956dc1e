import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { agentResultSchema, type AgentResult, type AgentTask, type JsonObject } from '@vltair/protocol';
import { createSandbox } from '@vltair/sandbox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { aContext } from '../../test/agent-context.ts';
import { expectFitting } from '../../test/fitting-output.ts';
import { detectRunner } from '../test-runners/detect-runner.ts';
import { directoryFiles } from '../test-runners/project-files.ts';
import { openWorkspace, type Workspace } from '../workspace/workspace.ts';
import { createCodeGen } from './codegen.ts';
import { createDebug } from './debug.ts';
import type { Project } from './project-input.ts';
import { ProjectTests } from './project-tests.ts';
import { createTestExec } from './test-exec.ts';

const CLAMP = `export function clamp(value, low, high) {
  if (value < low) return low;
  if (value > low) return high;
  return value;
}
`;
const CLAMP_TEST = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clamp } from '../src/clamp.js';
test('below', () => assert.equal(clamp(-1, 0, 9), 0));
test('above', () => assert.equal(clamp(10, 0, 9), 9));
test('between', () => assert.equal(clamp(4, 0, 9), 4));
`;

let directory: string;
let workspace: Workspace;
let tests: ProjectTests;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'vltair-agents-'));
  workspace = await openWorkspace({ dataDirectory: join(directory, 'data') });
  tests = new ProjectTests({ sandbox: createSandbox(), workspace, environment: process.env });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What a JSON file would hold of a value. */
function plain(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

function aTask(agent: string, payload: JsonObject & { action: string }): AgentTask {
  return { type: 'AgentTask', id: 'task-1', protocolVersion: 1, agent, payload };
}

async function aProject(
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<{ project: Project; tree: string }> {
  const root = join(directory, name);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  const { tree, dependencies } = await workspace.capture(root);
  const detection = detectRunner(directoryFiles(root));
  if (detection.kind !== 'found') throw new Error(`no tests in ${name}`);
  const commands = [detection.command, ...detection.others];
  const project: Project = {
    directory: root,
    dependencies: [...dependencies],
    commands,
    testTimeoutMs: 20_000,
    sandboxMode: 'best-effort',
  };
  return { project, tree };
}

const packageJson = '{ "type": "module", "scripts": { "test": "node --test" } }';
const red = { 'package.json': packageJson, 'src/clamp.js': CLAMP, 'test/clamp.test.js': CLAMP_TEST };
const green = { ...red, 'src/clamp.js': CLAMP.replace('value > low', 'value > high') };

async function testExec(name: string, files: Readonly<Record<string, string>>, action: string) {
  const { project, tree } = await aProject(name, files);
  const agent = createTestExec(tests);
  const reply = await agent.run(aTask('test-exec', { action, project: plain(project) }), aContext({ tree }));
  expectFitting(agent, action, reply);
  return reply;
}

describe('test-exec', () => {
  test('a green suite signals passed', async () => {
    verifies('V-33');
    expect(await testExec('green', green, 'run')).toMatchObject({
      payload: { signal: 'passed', output: { passed: 3, failed: 0 } },
    });
  });

  test('a red suite is a signal in a workflow and an error of a bare task', async () => {
    verifies('V-33');
    const reproduced = agentResultSchema.parse(await testExec('red', red, 'reproduce'));
    expect(reproduced.payload.signal).toBe('test_failed');
    expect(reproduced.payload.artifacts.map(({ kind }) => kind)).toEqual(['test_result', 'coverage_hint']);
    expect(await testExec('red', red, 'run')).toMatchObject({
      type: 'AgentError',
      error: { reason: 'test_failed/tests' },
    });
  });

  test('diagnostics of a red suite show no secret that it printed', async () => {
    verifies('V-33');
    const token = `ghp_${'a1B2'.repeat(9)}`;
    const leaking = `import { test } from 'node:test';\ntest('leaks', () => { throw new Error('${token}'); });\n`;
    const reply = await testExec('leak', { 'package.json': packageJson, 'test/leak.test.js': leaking }, 'run');
    expect(reply).toMatchObject({ type: 'AgentError', error: { code: 'test_failed' } });
    expect(JSON.stringify(reply)).toContain('<<REDACTED>>');
    expect(JSON.stringify(reply)).not.toContain(token);
  });

  test('a suite that hangs is a timeout', async () => {
    verifies('V-33');
    const { project, tree } = await aProject('hang', {
      ...green,
      'test/hang.test.js': `import { test } from 'node:test';\ntest('hangs', () => { for (;;); });\n`,
    });
    const quick = { ...project, testTimeoutMs: 1_500 };
    const reply = await createTestExec(tests).run(
      aTask('test-exec', { action: 'run', project: plain(quick) }),
      aContext({ tree }),
    );
    expect(reply).toMatchObject({ type: 'AgentError', error: { code: 'timeout', retryable: false } });
  });

  test('a case that fails only sometimes signals flaky', async () => {
    const flaky = `import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
test('every second time', () => { const seen = existsSync('.seen'); writeFileSync('.seen', ''); assert.ok(seen); });
`;
    const reply = await testExec('flaky', { 'package.json': packageJson, 'test/flaky.test.js': flaky }, 'reproduce');
    expect(reply).toMatchObject({
      payload: { signal: 'flaky', output: { flaky: ['test/flaky.test.js > every second time'] } },
    });
  });

  test('bad arguments are refused with the field', async () => {
    verifies('V-02');
    verifies('V-33');
    const run = createTestExec(tests).run(
      aTask('test-exec', { action: 'run', project: { directory: 'relative' } }),
      aContext({ tree: 'x' }),
    );
    await expect(run).rejects.toMatchObject({ reason: 'invalid_argument/agent_input', where: 'project.directory' });
  });
});

describe('debug', () => {
  test('the faulty line ranks first among those that only the failing case makes suspicious', async () => {
    verifies('V-35');
    const { tree } = await aProject('red', red);
    const reproduced = agentResultSchema.parse(await testExec('red', red, 'reproduce'));
    const [testResult, coverage] = JSON.parse(JSON.stringify(reproduced.payload.artifacts)) as JsonObject[];
    const reply = agentResultSchema.parse(
      await createDebug(workspace).run(
        aTask('debug', { action: 'localise', testResult: testResult ?? null, coverage: coverage ?? null }),
        aContext({ tree }),
      ),
    );
    const suspects = reply.payload.output['suspects'] as readonly { file: string; line: number }[];
    expect(suspects.slice(0, 3).map(({ file, line }) => `${file}:${line}`)).toContain('src/clamp.js:3');
    expect(suspects.some(({ file }) => file.startsWith('test/'))).toBe(false);
    expect(reply.payload.newTasks).toHaveLength(1);
  });

  test('an error log is enough: its frames are read', async () => {
    verifies('V-35');
    const { tree } = await aProject('red', red);
    const errorLog =
      'TypeError: x is not a function\n    at clamp (src/clamp.js:2:7)\n    at test (node:internal/x:1:1)\n';
    const agent = createDebug(workspace);
    const reply = agentResultSchema.parse(
      await agent.run(aTask('debug', { action: 'localise', errorLog }), aContext({ tree })),
    );
    expectFitting(agent, 'localise', reply);
    expect(reply.payload.output['suspects']).toMatchObject([{ file: 'src/clamp.js', line: 2 }, {}, {}, {}]);
    expect(reply.payload.output['summary']).toContain('a name does not mean what the code expects');
  });

  test.each([
    ['IndexError: list index out of range, assert 3 == 4', 'an index runs past an end'],
    ["TypeError: Cannot read properties of null (reading 'x'), expected 3", 'a value is missing where one is expected'],
    ['AssertionError: expected 3 to equal 4, at eval (print)', 'a result differs from the expected one'],
    ['it went wrong', 'the failure is of no known kind'],
  ])('%s: the most telling kind that fits, in one analysis and one task', async (errorLog, meaning) => {
    verifies('V-35');
    const { tree } = await aProject('red', red);
    const reply = await createDebug(workspace).run(
      aTask('debug', { action: 'localise', errorLog: `${errorLog}\n    at clamp (src/clamp.js:2:7)\n` }),
      aContext({ tree }),
    );
    expect(reply).toMatchObject({
      payload: {
        output: { summary: `1 failing: ${meaning}` },
        artifacts: [{ kind: 'analysis', summary: `1 failing: ${meaning}` }],
        newTasks: [
          {
            agent: 'codegen',
            payload: { action: 'repair', suspects: [{ file: 'src/clamp.js', line: 2 }, {}, {}, {}] },
          },
        ],
      },
    });
  });

  test('without errorLog or testResult there is nothing to do', async () => {
    verifies('V-35');
    const run = createDebug(workspace).run(aTask('debug', { action: 'localise' }), aContext({ tree: 'x' }));
    await expect(run).rejects.toMatchObject({ reason: 'invalid_argument/agent_input', where: 'errorLog' });
  });
});

describe('codegen', () => {
  test('repair finds the smallest edit that passes everything, the same every time', async () => {
    verifies('V-31');
    verifies('V-39');
    const { project, tree } = await aProject('red', red);
    const reproduced = agentResultSchema.parse(await testExec('red', red, 'reproduce'));
    const suspects = [3, 2, 4].map((line, index) => ({ file: 'src/clamp.js', line, score: 0.9 - index / 10 }));
    const payload = {
      action: 'repair',
      project,
      testResult: reproduced.payload.artifacts[0],
      suspects,
      maxCandidates: 200,
    };
    const task = aTask('codegen', { action: 'repair', ...plain(payload) });
    const replies: AgentResult[] = [];
    for (let turn = 0; turn < 2; turn += 1) {
      const agent = createCodeGen(tests);
      const reply = await agent.run(task, aContext({ tree }));
      expectFitting(agent, 'repair', reply);
      replies.push(agentResultSchema.parse(reply));
    }
    expect(replies[0]?.payload.signal).toBe('repaired');
    expect(replies[0]?.payload.delta?.doc).toEqual({ path: 'src/clamp.js', content: green['src/clamp.js'] });
    expect(replies[1]).toEqual(replies[0]);
  });

  test('repair says when nothing passes', async () => {
    const { project, tree } = await aProject('red', red);
    const reproduced = agentResultSchema.parse(await testExec('red', red, 'reproduce'));
    const payload = {
      action: 'repair',
      project,
      testResult: reproduced.payload.artifacts[0],
      suspects: [{ file: 'src/clamp.js', line: 1, score: 1 }],
      maxCandidates: 5,
    };
    const reply = agentResultSchema.parse(
      await createCodeGen(tests).run(aTask('codegen', { action: 'repair', ...plain(payload) }), aContext({ tree })),
    );
    expect(reply.payload.signal).toBe('not_repaired');
    expect(reply.payload.delta).toBeUndefined();
  });

  test('repair without a test result runs the tests first, and says when they pass', async () => {
    const suspects = [{ file: 'src/clamp.js', line: 3, score: 1 }];
    const replies: unknown[] = [];
    for (const [name, files] of [
      ['red', red],
      ['green', green],
    ] as const) {
      const { project, tree } = await aProject(name, files);
      const task = aTask('codegen', { action: 'repair', ...plain({ project, suspects }) });
      const agent = createCodeGen(tests);
      const reply = await agent.run(task, aContext({ tree }));
      expectFitting(agent, 'repair', reply);
      replies.push(reply);
    }
    expect(replies).toMatchObject([
      { payload: { signal: 'repaired', delta: { doc: { content: green['src/clamp.js'] } } } },
      { payload: { signal: 'nothing_to_repair', output: { tried: 0 } } },
    ]);
  });

  test('repair of tests that hang, or that fail only sometimes, is refused as that', async () => {
    const refused = [
      ['hanging', 'for (;;);', 'timeout/wall'],
      [
        'fickle',
        "if (!existsSync('.seen')) { writeFileSync('.seen', ''); throw new Error('once'); }",
        'test_failed/flaky',
      ],
    ] as const;
    for (const [name, body, reason] of refused) {
      const head = "import { existsSync, writeFileSync } from 'node:fs';\nimport { test } from 'node:test';\n";
      const suite = `${head}test('it', () => { ${body} });\n`;
      const { project, tree } = await aProject(name, { ...red, 'test/clamp.test.js': suite });
      const suspects = [{ file: 'src/clamp.js', line: 1, score: 1 }];
      const input = { project: { ...project, testTimeoutMs: 3_000 }, suspects };
      const repair = createCodeGen(tests).run(
        aTask('codegen', { action: 'repair', ...plain(input) }),
        aContext({ tree }),
      );
      await expect(repair).rejects.toMatchObject({ reason });
    }
  });

  test('create and modify propose a file whose content parses', async () => {
    verifies('V-31');
    const codegen = createCodeGen(tests);
    const reply = await codegen.run(
      aTask('codegen', { action: 'create', target: 'src/a.py', content: 'def a():\n    return 1\n' }),
      aContext(),
    );
    expect(reply).toMatchObject({
      payload: { delta: { doc: { path: 'src/a.py', content: 'def a():\n    return 1\n' } } },
    });
    const broken = codegen.run(
      aTask('codegen', { action: 'modify', target: 'src/a.js', content: 'function (' }),
      aContext(),
    );
    await expect(broken).rejects.toMatchObject({ reason: 'invalid_argument/agent_input', where: 'src/a.js' });
  });

  test('a missing action or target is refused', async () => {
    verifies('V-31');
    const run = createCodeGen(tests).run(aTask('codegen', { action: 'create', content: 'x' }), aContext());
    await expect(run).rejects.toMatchObject({ reason: 'invalid_argument/agent_input', where: 'target' });
    const odd = createCodeGen(tests).run(
      aTask('codegen', { action: 'erase', target: 'a.js', content: 'x' }),
      aContext(),
    );
    await expect(odd).rejects.toMatchObject({ reason: 'invalid_argument/agent_input', where: 'action' });
  });
});
