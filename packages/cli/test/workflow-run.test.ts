import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import { parseJson, runHere, smallProject, temporaryDirectory, type Result } from './command-fixture.ts';

const TASK = {
  type: 'AgentTask',
  id: 'task-1',
  protocolVersion: 1,
  agent: 'codegen',
  payload: { action: 'create', target: 'src/new.js', content: 'export const answer = "{{not.a.template}}";\n' },
};

function git(directory: string, ...words: readonly string[]): void {
  execFileSync('git', words, { cwd: directory });
}

async function runTask(task: unknown, directory = temporaryDirectory(), ...words: string[]): Promise<Result> {
  const stdin = typeof task === 'string' ? task : JSON.stringify(task);
  return await runHere(['run', '--file', '-', ...words], { directory, stdin });
}

/** Until the store of the directory holds a run: its files are captured by then. */
async function untilRunBegins(directory: string): Promise<void> {
  for (;;) {
    const { code, stdout } = await runHere(['runs', '--json'], { directory });
    const listed = code === 0 ? parseJson(stdout)['runs'] : [];
    if (Array.isArray(listed) && listed.length > 0) return;
    await delay(50);
  }
}

/** Looks for some milliseconds without a break: what another thread writes meanwhile, this one has not heard of yet. */
function isRunWritten(directory: string): boolean {
  const path = join(directory, '.vltair', 'vltair.db');
  const end = performance.now() + 20;
  while (performance.now() < end) {
    if (!existsSync(path)) return false;
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      if (database.prepare('SELECT 1 FROM runs').get() !== undefined) return true;
    } catch {
      return false; // the store is being made
    } finally {
      database.close();
    }
  }
  return false;
}

describe('run --file', () => {
  test('runs a task as a workflow of one node, its payload taken literally', async () => {
    verifies('V-47');
    const directory = temporaryDirectory();
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const { code, stdout } = await runTask({ ...TASK, traceId }, directory, '--json');
    expect(code).toBe(0);
    const answer = parseJson(stdout);
    expect(answer).toMatchObject({ ok: true, traceId, result: { delta: { doc: { content: TASK.payload.content } } } });
    const shown = parseJson((await runHere(['show', 'last', '--json'], { directory })).stdout);
    expect(shown).toMatchObject({ workflow: 'task', traceId, status: 'succeeded' });
    expect(shown['diff']).toContain('+export const answer');
  });

  test('gives an agent that runs tests the project of the directory', async () => {
    const task = { ...TASK, agent: 'test-exec', payload: { action: 'run' } };
    const green = await runTask(task, smallProject({ isGreen: true }));
    expect(green).toMatchObject({ code: 0, stdout: expect.stringContaining('"passed": 2') });
    const red = await runTask(task, smallProject(), '--json');
    expect(red.code).toBe(1);
    expect(parseJson(red.stdout)).toMatchObject({ ok: false, error: { reason: 'test_failed/tests' } });
  });

  test('shows what the agent proposed, and how to write it', async () => {
    verifies('V-47');
    const directory = temporaryDirectory();
    git(directory, 'init', '--quiet');
    const project = join(directory, 'packages/one');
    mkdirSync(project, { recursive: true });
    const page = (await runTask(TASK, project)).stdout;
    const diff = String(parseJson((await runTask(TASK, project, '--json')).stdout)['diff']);
    expect(diff).toMatch(/^diff --git a\/src\/new\.js b\/src\/new\.js\nnew file mode 100644\n/);
    expect(page).toContain(`\n\n${diff}`);
    expect(page).toMatch(
      /Nothing was written. To write it:\n {2}vltair show \S+ --diff \| git apply --directory=packages\/one\n$/,
    );
    const { stdout } = await runHere(['run', '--file', '-'], {
      directory: project,
      stdin: JSON.stringify(TASK),
      columns: 80,
    });
    expect(stdout).toContain('\u001b[32m+export const answer');
    writeFileSync(join(directory, 'change.diff'), diff);
    git(directory, 'apply', '--directory=packages/one', 'change.diff');
    expect(readFileSync(join(project, 'src/new.js'), 'utf8')).toBe(TASK.payload.content);
  });

  test('what debug proposes is a task of its own, which repairs', async () => {
    verifies('V-35');
    const directory = smallProject();
    const errorLog = 'AssertionError: false !== true\n    at mayEnter (src/age.js:2:3)\n';
    const debug = { ...TASK, agent: 'debug', payload: { action: 'localise', errorLog } };
    const { result } = parseJson((await runTask(debug, directory, '--json')).stdout) as {
      result: { newTasks: readonly unknown[] };
    };
    expect(result.newTasks).toHaveLength(1);
    const repair = await runTask(result.newTasks[0], directory, '--json');
    expect(repair.code, repair.stdout + repair.stderr).toBe(0);
    expect(parseJson(repair.stdout)).toMatchObject({
      ok: true,
      result: { signal: 'repaired', delta: { doc: { path: 'src/age.js', content: expect.stringContaining('>= 18') } } },
    });
  });

  test('reads a file', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'task.json'), JSON.stringify(TASK));
    expect((await runHere(['run', '--file', 'task.json'], { directory })).stdout).toMatch(/^succeeded in /);
    expect((await runHere(['run', '--file', 'none.json'], { directory })).stderr).toContain('not_found/file');
  });

  test('refusals are {ok:false, traceId, error}', async () => {
    verifies('V-47');
    const cases = [
      [{ ...TASK, agent: 'nobody' }, 'invalid_argument/unknown_agent'],
      [{ ...TASK, agent: undefined }, 'invalid_argument/envelope'],
      [{ ...TASK, payload: {} }, 'invalid_argument/envelope'],
      [{ ...TASK, payload: { action: 'create', 'two words': 1 } }, 'invalid_argument/envelope'],
      [{ ...TASK, protocolVersion: 2 }, 'invalid_argument/protocol_version'],
      [{ ...TASK, payload: { ...TASK.payload, target: '' } }, 'invalid_argument/agent_input'],
      [{ ...TASK, payload: { ...TASK.payload, action: 'erase' } }, 'invalid_argument/agent_input'],
      [{ ...TASK, agent: 'debug', payload: { action: 'localise' } }, 'invalid_argument/agent_input'],
    ] as const;
    for (const [task, reason] of cases) {
      const { code, stdout } = await runTask(task);
      expect(code).toBe(2);
      expect(parseJson(stdout)).toEqual({
        ok: false,
        traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
        error: expect.objectContaining({ reason, next: expect.any(String) }),
      });
    }
  });

  test('a task whose payload its agent cannot take is never begun', async () => {
    verifies('V-02');
    const directory = smallProject();
    const task = { ...TASK, agent: 'test-exec', payload: { action: 'run', paths: [7] } };
    const { stdout } = await runTask(task, directory, '--json');
    expect(parseJson(stdout)).toMatchObject({ error: { reason: 'invalid_argument/agent_input', where: 'paths.0' } });
    expect(parseJson((await runHere(['runs', '--json'], { directory })).stdout)).toMatchObject({ runs: [] });
  });

  test('text that is no JSON gets an error envelope of protocol 1', async () => {
    verifies('V-47');
    const { code, stdout } = await runTask('{ "type": ', temporaryDirectory(), '--json');
    expect(code).toBe(2);
    expect(parseJson(stdout)).toMatchObject({
      type: 'AgentError',
      protocolVersion: 1,
      error: { code: 'invalid_argument', reason: 'invalid_argument/json', where: 'standard input:1:11' },
    });
    const plain = await runTask('{}}');
    expect(parseJson(plain.stdout)).toMatchObject({ ok: false, error: { where: 'standard input:1:3' } });
  });
});

const WORKFLOW = `name: check
nodes:
  - id: tests
    agent: test-exec
    action: validate
    input: { project: '{{input.project}}' }
`;

function workflowFile(text: string): string {
  const directory = smallProject({ isGreen: true });
  writeFileSync(join(directory, 'check.yaml'), text);
  return directory;
}

describe('run WORKFLOW', () => {
  test('runs a workflow over the directory', async () => {
    const directory = workflowFile(WORKFLOW);
    const { code, stdout, stderr } = await runHere(['run', 'check.yaml'], { directory });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^succeeded in /);
    expect(stderr).toMatch(/✔ tests +[\d.]+ m?s +passed/);
  });

  test('shows what its agents proposed, also in a run that fails later', async () => {
    const write = `  - id: write\n    agent: codegen\n    action: create\n    input: { target: a.js, content: 'let a;' }\n`;
    const then = `  - id: then\n    agent: codegen\n    action: create\n    needs: [write]\n    input: { target: b.js, content: '(' }\n`;
    const directory = workflowFile(`name: check\nnodes:\n${write}`);
    expect((await runHere(['run', 'check.yaml'], { directory })).stdout).toContain('+let a;');
    writeFileSync(join(directory, 'check.yaml'), `name: check\nnodes:\n${write}${then}`);
    const failed = await runHere(['run', 'check.yaml'], { directory });
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain('+let a;');
    expect(failed.stdout).not.toContain('git apply');
    const { stdout } = await runHere(['resume', 'last', '--json'], { directory });
    expect(parseJson(stdout)).toMatchObject({ status: 'failed', diff: expect.stringContaining('+let a;') });
  });

  test('a node without an action runs the action run, which debug takes', async () => {
    const node = `  - id: look\n    agent: debug\n    input: { errorLog: 'TypeError at f (src/age.js:2:3)' }\n`;
    const directory = workflowFile(`name: check\nnodes:\n${node}`);
    expect(await runHere(['run', 'check.yaml'], { directory })).toMatchObject({ code: 0 });
  });

  test('takes its input from the command line or a file', async () => {
    const directory = workflowFile(WORKFLOW.replace('{{input.project}}', '{{input.target}}'));
    writeFileSync(join(directory, 'input.json'), '{"target":{"wrong":true}}');
    for (const input of ['{"target":{"wrong":true}}', '@input.json']) {
      const { code, stdout } = await runHere(['run', 'check.yaml', '--input', input, '--json'], { directory });
      expect(code).toBe(1);
      expect(parseJson(stdout)).toMatchObject({ ok: false, error: { reason: 'invalid_argument/agent_input' } });
    }
    for (const input of ['[1]', '{', '@none.json']) {
      expect((await runHere(['run', 'check.yaml', '--input', input], { directory })).code).toBe(2);
    }
  });

  test('says where a file is wrong, with line and column', async () => {
    const cases = [
      [WORKFLOW.replace('agent: test-exec', 'agent: nobody'), 'invalid_argument/unknown_agent', 'check.yaml:4:12'],
      [`${WORKFLOW}    needs: [tests]\n`, 'invalid_argument/graph_cycle', 'check.yaml:7:13'],
      [`${WORKFLOW}    needs: [other]\n`, 'invalid_argument/unknown_node', 'check.yaml:7'],
      [`${WORKFLOW}    colour: red\n`, 'invalid_argument/workflow', 'check.yaml:'],
      ['name: [', 'invalid_argument/yaml', 'check.yaml:1'],
    ] as const;
    for (const [text, reason, place] of cases) {
      const { code, stderr } = await runHere(['run', 'check.yaml'], { directory: workflowFile(text) });
      expect(stderr).toContain(`error[${reason}]`);
      expect(stderr).toContain(place);
      expect(code).toBe(2);
    }
  });

  test('wants a workflow or a task, not both', async () => {
    const directory = temporaryDirectory();
    expect((await runHere(['run'], { directory })).code).toBe(2);
    expect((await runHere(['run', 'a.yaml', '--file', 'b.json'], { directory })).code).toBe(2);
    expect((await runHere(['run', 'a.yaml'], { directory })).stderr).toContain('not_found/file');
  });
});

describe('fix', () => {
  test('a project without tests is refused with what was looked for', async () => {
    const directory = temporaryDirectory();
    expect(await runHere(['fix'], { directory })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/error\[not_found\/tests\].*looked for/),
    });
    expect((await runHere(['fix', 'nowhere'], { directory })).stderr).toContain('not_a_directory');
  });

  test('a failure that no edit mends: what was tried, and exit code 1', async () => {
    const directory = smallProject({ limit: 900_000_000 });
    const file = join(directory, 'test', 'age.test.js');
    writeFileSync(
      file,
      `${readFileSync(file, 'utf8').replaceAll('mayEnter(900000000), true', 'mayEnter(1), "never"')}`,
    );
    const { code, stdout } = await runHere(['fix', '--max-candidates', '9'], { directory });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^not repaired in /);
    expect(stdout).toMatch(/^9 edits tried of 9 planned; none makes all of them pass$/m);
    expect(stdout).toMatch(/^ {2}src\/age\.js: lines .*\b2\b/m);
    expect(stdout).toContain('failed[test_failed/still_failing]');
  });

  test('a run that was interrupted is gone on with, unless the files have changed or --new is given', async () => {
    const directory = smallProject({ slowMs: 100 });
    const controller = new AbortController();
    const running = runHere(['fix'], { directory, signal: controller.signal });
    await untilRunBegins(directory);
    controller.abort();
    const interrupted = await running;
    expect(interrupted).toMatchObject({ code: 130, stderr: expect.stringContaining('interrupted; the run is kept') });
    const anew = await runHere(['fix', '--new', '--json'], { directory });
    expect(anew.stderr).not.toContain('unfinished');
    writeFileSync(join(directory, 'NOTES.md'), 'one more file\n');
    const changed = await runHere(['fix', '--json'], { directory });
    expect(changed.stderr).toMatch(/The files have changed since the unfinished run \S+; this is a new one\./);
    expect(parseJson(changed.stdout)).toMatchObject({ ok: true, files: ['src/age.js'] });
    const listed = parseJson((await runHere(['runs', '--json'], { directory })).stdout);
    expect(listed['runs']).toMatchObject([{ status: 'succeeded' }, { status: 'succeeded' }, { status: 'running' }]);
    expect(await runHere(['queue', '--json'], { directory })).toMatchObject({
      stdout: expect.stringContaining('"queued":1'),
    });
    expect(await runHere(['cancel', 'last'], { directory })).toMatchObject({ code: 2 });
    const unfinished = (listed['runs'] as { run: string }[])[2]?.run ?? '';
    expect(await runHere(['cancel', unfinished], { directory })).toMatchObject({ code: 0 });
    expect((await runHere(['show', unfinished], { directory })).stdout).toContain('cancelled by the user');
  });

  test('who interrupts in the moment in which a run begins is told of the run', async () => {
    const directory = smallProject({ slowMs: 100 });
    const controller = new AbortController();
    const running = runHere(['fix'], { directory, signal: controller.signal });
    while (!isRunWritten(directory)) await setImmediate();
    controller.abort();
    expect(await running).toMatchObject({
      code: 130,
      stderr: expect.stringMatching(/interrupted; the run is kept: vltair resume \S+\n$/),
    });
  });

  test('--apply refuses when the files changed meanwhile, naming them', async () => {
    const directory = smallProject({ slowMs: 300 });
    const running = runHere(['fix', '--apply'], { directory });
    await untilRunBegins(directory);
    writeFileSync(join(directory, 'src', 'age.js'), 'export const mayEnter = () => true;\n');
    const { code, stdout } = await running;
    expect(code).toBe(1);
    expect(stdout).toContain('not written, since these files have changed meanwhile: src/age.js');
    expect(readFileSync(join(directory, 'src', 'age.js'), 'utf8')).toBe('export const mayEnter = () => true;\n');
  });
});

describe('the command line', () => {
  test.each([
    [['bogus'], 'unknown command "bogus"'],
    [['fix', '--bogus'], "unknown option '--bogus'"],
    [['show'], "missing required argument 'id'"],
    [['fix', '--max-candidates', 'many'], '--max-candidates takes a whole number'],
    [['fix', '--timeout', '3'], '--timeout takes a duration'],
    [['fix', '--sandbox', 'none'], '--sandbox takes one of strict, best-effort'],
    [['resume', 'last', '--parked', 'maybe'], '--parked takes one of retry, fail'],
  ])('%j is refused', async (words, message) => {
    const directory = temporaryDirectory();
    const { code, stderr } = await runHere(words, { directory });
    expect(stderr).toContain('error[invalid_argument/usage]');
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    const json = await runHere([...words, '--json'], { directory });
    expect(parseJson(json.stdout)).toMatchObject({ ok: false, error: { code: 'invalid_argument', fault: 'caller' } });
  });

  test('nothing at all asks for help', async () => {
    const { code, stdout } = await runHere([], { directory: temporaryDirectory() });
    expect(code).toBe(0);
    expect(stdout).toContain('Exit codes: 0 done');
  });

  test('a variable with a bad value is named', async () => {
    const environment = { VLTAIR_TEST_MODE: 'perhaps' };
    const { code, stderr } = await runHere(['runs'], { directory: temporaryDirectory(), environment });
    expect(code).toBe(2);
    expect(stderr).toContain('VLTAIR_TEST_MODE must be 0 or 1');
  });

  test('-C works from elsewhere', async () => {
    const project = smallProject({ isGreen: true });
    const directory = temporaryDirectory();
    expect((await runHere(['-C', project, 'fix', '-q'], { directory })).code).toBe(0);
    expect((await runHere(['runs', '--directory', project], { directory })).stdout).toContain('succeeded');
  });
});
