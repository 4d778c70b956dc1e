import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseJson, runCommand, runHere, temporaryDirectory } from './command-fixture.ts';

const GOOD = `name: good
nodes:
  - { id: one, agent: transform, action: evaluate, input: { expression: 1 + 1 } }
  - { id: two, agent: transform, action: evaluate, needs: [one], input: { expression: n * 2, values: { n: '{{one.output.value}}' } } }
output: { value: '{{two.output.value}}' }
`;
const BAD = GOOD.replace('needs: [one]', 'needs: [ono]').replace('agent: transform', 'agent: transfrom');
const MODULE = `
const nodes: { id: string; agent: string; action: string; input: object }[] = [
  { id: 'one', agent: 'transform', action: 'evaluate', input: { expression: '20 + 1' } },
];
`;

function write(name: string, text: string): string {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, name), text);
  return directory;
}

describe('validate', () => {
  test('lists all that is wrong, with its place', async () => {
    const directory = write('bad.yaml', BAD);
    const { code, stdout } = await runHere(['validate', 'bad.yaml'], { directory });
    expect(code).toBe(2);
    expect(stdout.split('\n')).toEqual([
      'bad.yaml:3:23: error[invalid_argument/unknown_agent]: The workflow names an agent that is not registered: transfrom; did you mean "transform"?',
      'bad.yaml:4:60: error[invalid_argument/unknown_node]: An edge names a node that does not exist: ono; did you mean "one"?',
      'bad.yaml:4:107: error[invalid_argument/template]: A template refers to something that does not exist: {{one.output.value}} may be missing: one is not always done before',
      '',
    ]);
    const { stdout: json } = await runHere(['validate', 'bad.yaml', '--json'], { directory });
    expect(parseJson(json)).toMatchObject({
      ok: false,
      files: [{ file: 'bad.yaml', errors: [{ line: 3, column: 23, suggestion: 'transform' }, {}, {}] }],
    });
    expect(existsSync(join(directory, '.vltair'))).toBe(false);
  });

  test('says that a workflow can run; warnings refuse nothing', async () => {
    const directory = write('good.yaml', `${GOOD}workflows: { spare: { nodes: [{ id: a, sleep: 1s }] } }\n`);
    const { code, stdout } = await runHere(['validate', 'good.yaml'], { directory });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'good.yaml:6:21: warning: no subrun runs the workflow "spare"\ngood.yaml: good can run; 1 warning\n',
    });
  });

  test('takes several files, and refuses when one of them is wrong', async () => {
    const directory = write('good.yaml', GOOD);
    writeFileSync(join(directory, 'bad.yaml'), BAD);
    const { code, stdout } = await runHere(['validate', 'good.yaml', 'bad.yaml'], { directory });
    expect(code).toBe(2);
    expect(stdout.split('\n').map((line) => line.slice(0, 14))).toEqual([
      'good.yaml: goo',
      'bad.yaml:3:23:',
      'bad.yaml:4:60:',
      'bad.yaml:4:107',
      '',
    ]);
  });

  test('what a run takes: what is not declared, or does not fit, is told before it begins', async () => {
    const takes = 'input: { type: object, properties: { count: { type: integer, default: 2 } } }';
    const node = (value: string) =>
      `nodes: [{ id: a, agent: transform, action: evaluate, input: { values: { n: '${value}' }, expression: n * 21 } }]`;
    const directory = write(
      'takes.yaml',
      `name: takes\n${takes}\n${node('{{input.count}}')}\noutput: { value: '{{a.output.value}}' }\n`,
    );
    writeFileSync(join(directory, 'asks.yaml'), `name: asks\n${takes}\n${node('{{input.cuont}}')}\n`);
    const { stdout } = await runHere(['validate', 'takes.yaml', 'asks.yaml'], { directory });
    expect(stdout).toContain('takes.yaml: takes can run\nasks.yaml:3:');
    expect(stdout).toContain('{{input.cuont}} is never there: it has no "cuont"; did you mean "count"?');
    const given = async (...words: string[]) => await runHere(['run', 'takes.yaml', '--json', ...words], { directory });
    expect(parseJson((await given()).stdout)).toMatchObject({ result: { output: { value: 42 } } });
    expect(parseJson((await given('--input', '{"count":3}')).stdout)).toMatchObject({
      result: { output: { value: 63 } },
    });
    const refused = await given('--input', '{"count":"three"}');
    expect(refused.code).toBe(2);
    expect(parseJson(refused.stdout)).toMatchObject({
      error: { reason: 'invalid_argument/workflow_input', message: expect.stringContaining('input.count:') },
    });
  });

  test('what is refused by validate is refused by run, for the first problem', async () => {
    const directory = write('bad.yaml', BAD);
    const { code, stderr } = await runHere(['run', 'bad.yaml'], { directory });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('bad.yaml:3:23') });
  });
});

describe('a module is a workflow, too', () => {
  test.each([
    [
      'named.ts',
      `${MODULE}export const workflow = { name: 'module', nodes, output: { value: '{{one.output.value}}' } };`,
    ],
    ['other.mts', `${MODULE}export default { name: 'module', nodes, output: { value: '{{one.output.value}}' } };`],
    ['plain.mjs', `export const workflow = { name: 'module', nodes: [{ id: 'one', sleep: '1ms' }] };`],
  ])('%s', async (name, text) => {
    const directory = write(name, text);
    const { code, stdout, stderr } = await runCommand(['run', name, '--json'], { directory });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(parseJson(stdout)).toMatchObject({ ok: true, status: 'succeeded' });
  });

  test('one that throws, or exports no workflow, is refused', async () => {
    const directory = write('broken.mjs', 'throw new Error("no workflow today");\n');
    writeFileSync(join(directory, 'empty.mjs'), 'export const other = 1;\n');
    const broken = await runHere(['validate', 'broken.mjs'], { directory });
    expect(broken).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/invalid_argument\/module.*no workflow today/),
    });
    const empty = await runHere(['validate', 'empty.mjs'], { directory });
    expect(empty).toMatchObject({ code: 2, stderr: expect.stringContaining('neither workflow nor a default') });
  });
});

describe('graph', () => {
  test('prints Mermaid, and writes SVG where the file ends so', async () => {
    const directory = write('good.yaml', GOOD);
    const { stdout } = await runHere(['graph', 'good.yaml'], { directory });
    expect(stdout).toBe(
      'flowchart TD\n  accTitle: good\n  n0["one<br/>transform evaluate"]\n  n1["two<br/>transform evaluate"]\n  n0 --> n1\n',
    );
    expect((await runHere(['graph', 'good.yaml', '--out', 'good.svg'], { directory })).code).toBe(0);
    expect(readFileSync(join(directory, 'good.svg'), 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s);
  });

  test('draws what became of a run', async () => {
    const directory = write('good.yaml', GOOD);
    expect((await runHere(['run', 'good.yaml'], { directory })).code).toBe(0);
    const { stdout } = await runHere(['graph', '--run', 'last'], { directory });
    expect(stdout).toMatch(/accTitle: good: succeeded/);
    expect(stdout).toMatch(/n1\["two<br\/>transform evaluate<br\/>succeeded, success, \d+m?s"\]:::succeeded/);
  });

  test.each([[[]], [['good.yaml', '--run', 'last']], [['good.yaml', '--format', 'png']]])(
    'refuses %j',
    async (words) => {
      const { code, stderr } = await runHere(['graph', ...words], { directory: write('good.yaml', GOOD) });
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('invalid_argument/usage') });
    },
  );
});

test('schema workflow prints the schema that stands in schemas/', async () => {
  const committed = readFileSync(join(import.meta.dirname, '../../../schemas/workflow.schema.json'), 'utf8');
  const directory = temporaryDirectory();
  expect((await runHere(['schema', 'workflow'], { directory })).stdout).toBe(committed);
  expect((await runHere(['schema', 'run'], { directory })).code).toBe(2);
});
