import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { agentResultSchema, type AgentTask, type JsonObject } from '@vltair/protocol';
import { createSandbox } from '@vltair/sandbox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { aContext } from '../../test/agent-context.ts';
import { detectRunner } from '../test-runners/detect-runner.ts';
import { directoryFiles } from '../test-runners/project-files.ts';
import { openWorkspace, type Workspace } from '../workspace/workspace.ts';
import { createCodeGen } from './codegen.ts';
import { createDebug } from './debug.ts';
import type { Project } from './project-input.ts';
import { ProjectTests } from './project-tests.ts';
import { findProtectedFiles } from './protected-files.ts';
import { readSources } from './sources.ts';
import { createTestExec } from './test-exec.ts';

let directory: string;
let workspace: Workspace;
let tests: ProjectTests;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'vltair-protected-'));
  workspace = await openWorkspace({ dataDirectory: join(directory, 'data') });
  tests = new ProjectTests({ sandbox: createSandbox(), workspace, environment: process.env });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

type Files = Readonly<Record<string, string>>;

async function aProject(files: Files, command?: string): Promise<{ project: Project; tree: string }> {
  const root = mkdtempSync(join(directory, 'project-'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  const { tree } = await workspace.capture(root);
  const detection = detectRunner(directoryFiles(root), command);
  if (detection.kind !== 'found') throw new Error('no tests');
  const commands = [detection.command, ...detection.others];
  return {
    tree,
    project: { directory: root, dependencies: [], commands, testTimeoutMs: 20_000, sandboxMode: 'best-effort' },
  };
}

async function protectedOf(files: Files, command?: string): Promise<readonly string[]> {
  const { project, tree } = await aProject(files, command);
  return await findProtectedFiles(workspace, tree, project);
}

function aTask(agent: string, action: string, payload: object): AgentTask {
  const plain = JSON.parse(JSON.stringify({ ...payload, action })) as JsonObject & { action: string };
  return { type: 'AgentTask', id: 'task-1', protocolVersion: 1, agent, payload: plain };
}

/** What reproduce, debug and codegen come to, one after the other. */
async function repairOf(files: Files, command?: string) {
  const { project, tree } = await aProject(files, command);
  const context = aContext({ tree });
  const red = agentResultSchema.parse(
    await createTestExec(tests).run(aTask('test-exec', 'reproduce', { project }), context),
  );
  const [testResult, coverage] = red.payload.artifacts;
  const found = agentResultSchema.parse(
    await createDebug(workspace).run(aTask('debug', 'localise', { testResult, coverage }), context),
  );
  const { suspects } = found.payload.output;
  const protectedPaths = await findProtectedFiles(workspace, tree, project);
  const input = { project: { ...project, protectedPaths }, testResult, suspects, maxCandidates: 300 };
  return agentResultSchema.parse(await createCodeGen(tests).run(aTask('codegen', 'repair', input), context)).payload;
}

const PRICE = 'export function prices(list) {\n  return list.filter((price) => price > 1);\n}\n';
const CHECK = `import { prices } from './src/price.js';
const got = prices([1, 2, 3]);
if (got.length !== 3) process.exit(1);
`;
const module = '{ "type": "module" }';

describe('protected files', () => {
  test('a file that the test command or the test script names', async () => {
    const files = { 'package.json': module, 'src/price.js': PRICE, 'check.js': CHECK };
    expect(await protectedOf(files, 'node check.js')).toEqual(['check.js']);
    const withTape = { ...files, 'node_modules/tape/package.json': '{"bin":"./bin/tape"}' };
    expect(await protectedOf(withTape, 'tape check.js')).toEqual(['check.js']);
    expect(await protectedOf(files, 'cd . && node --import=./check.js -e "" | cat')).toEqual(['check.js']);
    expect(
      await protectedOf({ ...files, 'package.json': '{"type":"module","scripts":{"test":"node check.js"}}' }),
    ).toEqual(['check.js']);
    const twoSteps =
      '{"type":"module","scripts":{"test":"eslint src/price.js && npm run verify","verify":"node check.js"}}';
    expect(await protectedOf({ ...files, 'package.json': twoSteps })).toEqual(['check.js']);
  });

  test('a folder or pattern of the test script names no source', async () => {
    const files = { 'src/price.js': PRICE, 'src/price.test.js': "import './price.js';\nimport 'node:test';\n" };
    const manifest = '{ "type": "module", "scripts": { "test": "node --test src/" } }';
    expect(await protectedOf({ ...files, 'package.json': manifest })).toEqual([]);
  });

  test('setup files of vitest, jest and mocha, and not the sources that exports name', async () => {
    const files = {
      'package.json': '{"exports":{".":{"require":"./index.cjs"}},"jest":{"setupFiles":["<rootDir>/env/polyfill.js"]}}',
      'index.cjs': '',
      'env/polyfill.js': '',
      'env/vitest.ts': '',
      'env/global.ts': '',
      'env/mocha.js': '',
      'src/alias.ts': '',
      'vitest.config.ts':
        "export default { resolve: { alias: { '@': './src/alias.ts' } }, test: { setupFiles: ['./env/vitest.ts'], globalSetup: 'env/global.ts' } };\n",
      '.mocharc.yml': 'require:\n  - ./env/mocha.js\nui: bdd\n',
    };
    expect(await protectedOf(files, 'true')).toEqual([
      'env/global.ts',
      'env/mocha.js',
      'env/polyfill.js',
      'env/vitest.ts',
    ]);
  });

  test('helpers that only tests import, but never a source for being imported by tests alone', async () => {
    const files = {
      'src/price.js': PRICE,
      'src/helpers/round.js': '',
      'price.js': PRICE,
      'models/cart.js': '',
      'support/build.js': "import './more-helpers.js';\n",
      'support/more-helpers.js': '',
      'support/shared.js': '',
      'index.js': "import './support/shared.js';\n",
      'price.test.js': ['src/price', 'src/helpers/round', 'price', 'models/cart', 'support/build', 'support/shared']
        .map((path) => `import './${path}.js';\n`)
        .join(''),
    };
    expect(await protectedOf(files, 'true')).toEqual(['support/build.js', 'support/more-helpers.js']);
  });
});

test('a source with a real replacement character or a byte order mark is read as it is, one that is no UTF-8 is not', async () => {
  const root = mkdtempSync(join(directory, 'encodings-'));
  writeFileSync(join(root, 'a.js'), '\uFEFF"\uFFFD";\n');
  writeFileSync(join(root, 'b.js'), Buffer.from([0x22, 0xff, 0x22]));
  const { tree } = await workspace.capture(root);
  expect([...(await readSources(workspace, tree))]).toEqual([['a.js', '\uFEFF"\uFFFD";\n']]);
});

describe('a repair', () => {
  test('edits the source although the check itself would be easier to bend', async () => {
    verifies('V-31');
    const files = { 'package.json': module, 'src/price.js': PRICE, 'check.js': CHECK };
    const { signal, delta } = await repairOf(files, 'node check.js');
    expect({ signal, path: delta?.doc.path }).toEqual({ signal: 'repaired', path: 'src/price.js' });
  });

  test('of nothing but a check says that all is protected', async () => {
    const files = { 'package.json': module, 'check.js': 'if ([1].length !== 3) process.exit(1);\n' };
    await expect(repairOf(files, 'node check.js')).rejects.toMatchObject({
      reason: 'forbidden/protected_path',
    });
  });

  test('leaves alone what the tests compare with', async () => {
    const files = {
      'package.json': '{ "type": "module", "scripts": { "test": "node --test test/p.test.js" } }',
      'src/price.js': 'export const total = (list) => list.reduce((sum, each) => sum - each, 0);\n',
      'fixtures/expected.js': 'export const expected = 6;\n',
      'test/p.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expected } from '../fixtures/expected.js';
import { total } from '../src/price.js';
test('adds', () => assert.equal(total([1, 2, 3]), expected));
`,
    };
    const { signal, delta } = await repairOf(files);
    expect({ signal, path: delta?.doc.path }).toEqual({ signal: 'repaired', path: 'src/price.js' });
  });
});
