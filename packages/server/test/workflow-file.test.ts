import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VltairError } from '@vltair/protocol';
import { afterAll, describe, expect, test } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import { builtInAgents } from '../src/index.ts';
import { readWorkflowFile } from '../src/workflow-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'vltair-workflow-'));
const path = join(directory, 'check.yaml');
afterAll(() => rmSync(directory, { recursive: true }));

const agents = new Map(builtInAgents.map(({ name }) => [name, {}]));

const CHECK = `name: check
nodes:
  - id: tests
    agent: test-exec
  - id: look
    agent: debug
    needs: [tests]
`;

/** The refusal of a file with this text, with the file's directory left out. */
async function refusalOf(text: string | Uint8Array): Promise<{ reason: string; where: string; message: string }> {
  writeFileSync(path, text);
  const error: unknown = await readWorkflowFile(path, agents).then(
    () => 'it was accepted',
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof VltairError)) throw new Error(String(error));
  return { reason: error.reason, where: error.where?.replace(`${directory}/`, '') ?? '', message: error.message };
}

describe('a file that is wrong is refused with its place', () => {
  test.each([
    ['YAML that does not close', 'name: check\nnodes: [\n', 'yaml', ':3:1'],
    ['YAML with a member twice', `${CHECK}name: again\n`, 'yaml', ':8:1'],
    ['JSON that is cut', '{"name": "check", "nodes": [', 'yaml', ':1:29'],
    ['an unknown field of a node', `${CHECK}    colour: red\n`, 'workflow', ':8:5'],
    ['an unknown field of the workflow', `${CHECK}colour: red\n`, 'workflow', ':8:1'],
    ['no nodes', 'name: check\n', 'workflow', ':1:1'],
    ['nothing', '', 'workflow', ':1:1'],
    ['a field of the wrong type', `${CHECK}    maxAttempts: many\n`, 'workflow', ':8:18'],
    ['a timeout that is none', `${CHECK}    timeout: soon\n`, 'workflow', ':8:14'],
    ['an unknown agent', CHECK.replace('agent: debug', 'agent: nobody'), 'unknown_agent', ':6:12'],
  ])('%s', async (_, text, reason, place) => {
    expect(await refusalOf(text)).toMatchObject({ reason: `invalid_argument/${reason}`, where: `check.yaml${place}` });
  });

  test.each([
    ['a circle', CHECK.replace('test-exec', 'test-exec\n    needs: [look]'), 'graph_cycle', /tests/],
    ['an edge to an unknown node', CHECK.replace('[tests]', '[texts]'), 'unknown_node', /texts/],
    ['two nodes of one id', CHECK.replace('id: look', 'id: tests'), 'duplicate_node', /tests/],
    [
      'a route back into one branch of a fork',
      `${CHECK}    routes: [{ on: left, to: left }, { on: right, to: right }]
  - { id: left, agent: debug, routes: [{ on: done, to: join }] }
  - { id: right, agent: debug, routes: [{ on: done, to: join }] }
  - { id: join, agent: debug, routes: [{ on: again, to: left }] }
`,
      'route_not_dominating',
      /join -> left/,
    ],
  ])('%s', async (_, text, reason, names) => {
    verifies('OC-4');
    const refusal = await refusalOf(text);
    expect(refusal).toMatchObject({ reason: `invalid_argument/${reason}` });
    expect(refusal.where).toMatch(/^check\.yaml(:\d+:\d+)?$/);
    expect(refusal.message).toMatch(names);
  });

  test('bytes that are no UTF-8', async () => {
    expect(await refusalOf(Buffer.from([0x6e, 0x3a, 0x20, 0xff]))).toMatchObject({
      reason: 'invalid_argument/yaml',
      message: expect.stringContaining('not UTF-8'),
      where: 'check.yaml',
    });
  });

  test('more than a mebibyte', async () => {
    const refusal = await refusalOf(`${CHECK}# ${'x'.repeat(1_048_576)}\n`);
    expect(refusal).toMatchObject({ reason: 'payload_too_large/envelope', where: 'check.yaml' });
  });

  test.each([
    [
      'that multiply without bound',
      [
        'a0: &a0 [x]',
        ...Array.from({ length: 12 }, (_, at) => `a${at + 1}: &a${at + 1} [${`*a${at},`.repeat(9)}]`),
      ].join('\n'),
    ],
    ['of nothing', 'name: *missing\n'],
    ['of what holds them', `${CHECK}    input: &loop { again: *loop }\n`],
  ])('aliases %s', async (_, text) => {
    const refusal = await refusalOf(text);
    expect(refusal).toMatchObject({ reason: 'invalid_argument/yaml', where: 'check.yaml' });
  });

  test('a file that is not there', async () => {
    await expect(readWorkflowFile(join(directory, 'missing.yaml'))).rejects.toMatchObject({
      reason: 'not_found/file',
    });
  });
});

test('JSON is accepted, with the same defaults', async () => {
  writeFileSync(path, CHECK);
  const fromYaml = await readWorkflowFile(path, agents);
  const nodes = [
    { id: 'tests', agent: 'test-exec' },
    { id: 'look', agent: 'debug', dependsOn: ['tests'] },
  ];
  writeFileSync(path, JSON.stringify({ name: 'check', nodes }, undefined, 2));
  expect(await readWorkflowFile(path, agents)).toEqual(fromYaml);
});

describe('workflows/fix-failing.yaml', () => {
  const source = join(import.meta.dirname, '..', '..', '..', 'workflows', 'fix-failing.yaml');

  test('is TestExec, Debug, CodeGen, TestExec, with a bounded way back', async () => {
    verifies('V-39');
    const { nodes } = await readWorkflowFile(source, agents);
    expect(nodes.map(({ agent }) => agent)).toEqual(['test-exec', 'debug', 'codegen', 'test-exec']);
    const [head, , , latch] = nodes;
    expect(latch?.routes).toContainEqual({ on: 'test_failed', to: head?.id });
    expect(head?.maxVisits).toBe(3);
  });

  test('fails with a reason where nothing can be repaired', async () => {
    verifies('V-39');
    const { nodes } = await readWorkflowFile(source);
    const ends = nodes.flatMap(({ routes }) => routes.filter((route) => 'end' in route && route.end === 'failed'));
    expect(ends).toContainEqual({ on: 'not_repaired', end: 'failed', reason: 'test_failed/still_failing' });
  });
});
