import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createSandbox } from '@vltair/sandbox';
import { VltairError, type AgentTask, type JsonObject } from '@vltair/protocol';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { aContext } from '../../test/agent-context.ts';
import { expectFitting } from '../../test/fitting-output.ts';
import { aDirectory } from '../../test/workspace-fixtures.ts';
import { openWorkspace, type Workspace } from '../workspace/workspace.ts';
import { createShell } from './shell.ts';

const sandbox = createSandbox();
let isNetworkCut: boolean;

beforeAll(async () => {
  isNetworkCut = (await sandbox.capabilities()).mechanisms.network.available;
});

interface Setting {
  readonly files?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly environment?: Readonly<Record<string, string>>;
  readonly allowNetwork?: boolean;
}

interface Place {
  readonly workspace: Workspace;
  readonly tree: string | undefined;
}

async function aPlace(files: Readonly<Record<string, string>> | undefined): Promise<Place> {
  const directory = aDirectory(files);
  const data = join(aDirectory(), 'data');
  mkdirSync(data);
  const workspace = await openWorkspace({ dataDirectory: data });
  return { workspace, tree: files === undefined ? undefined : (await workspace.capture(directory)).tree };
}

async function shell(input: JsonObject, setting: Setting = {}) {
  const { workspace, tree } = await aPlace(setting.files);
  const environment = { PATH: process.env['PATH'], ...setting.environment };
  const agent = createShell({ sandbox, workspace, environment, allowNetwork: setting.allowNetwork ?? false });
  const task: AgentTask = { type: 'AgentTask', id: 'task-1', protocolVersion: 1, payload: { action: 'run', ...input } };
  agent.validators?.get('run')?.(task);
  const { signal } = setting;
  const context = aContext({ ...(tree === undefined ? {} : { tree }), ...(signal === undefined ? {} : { signal }) });
  const reply = await agent.run(task, context);
  expectFitting(agent, 'run', reply);
  if (reply.type === 'AgentError') throw new Error(reply.error.message);
  return reply.payload;
}

test('a command works on a copy of the workspace', async () => {
  const files = { 'src/a.txt': 'one\n', 'b.txt': 'two\n' };
  const { output, signal } = await shell({ command: ['cat', 'src/a.txt', 'b.txt'] }, { files });
  expect({ output, signal }).toEqual({ signal: 'success', output: { exitCode: 0, stdout: 'one\ntwo\n', stderr: '' } });
});

test('what a command changes is gone with its copy', async () => {
  const { workspace, tree = '' } = await aPlace({ 'a.txt': 'one' });
  const agent = createShell({ sandbox, workspace, environment: process.env });
  const payload = { action: 'run', script: 'echo two > a.txt; rm -f b; pwd; cat a.txt' };
  const task: AgentTask = { type: 'AgentTask', id: 'task-1', protocolVersion: 1, payload };
  const reply = await agent.run(task, aContext({ tree }));
  if (reply.type === 'AgentError') throw new Error(reply.error.message);
  const { stdout } = z.object({ stdout: z.string() }).parse(reply.payload.output);
  const [place = ''] = stdout.split('\n');
  expect(stdout).toBe(`${place}\ntwo\n`);
  expect(() => readdirSync(place)).toThrow('ENOENT');
  expect((await workspace.readFile(tree, 'a.txt'))?.toString()).toBe('one');
});

test('a run without a workspace has an empty directory', async () => {
  const { output } = await shell({ script: 'ls -A; echo made > file; cat file' });
  expect(output['stdout']).toBe('made\n');
});

test('a command that fails is a signal, with what it printed', async () => {
  const reply = await shell({ script: 'echo out; echo problem >&2; exit 3' });
  expect(reply).toMatchObject({ signal: 'nonzero', output: { exitCode: 3, stdout: 'out\n', stderr: 'problem\n' } });
});

test('arguments are passed as they are, no shell reads them', async () => {
  const { output } = await shell({ command: ['printf', '%s|', '$HOME', 'a b', '; ls', '"'] });
  expect(output['stdout']).toBe('$HOME|a b|; ls|"|');
});

test('it begins below the workspace, and nowhere else', async () => {
  const files = { 'deep/er/x.txt': 'here' };
  expect((await shell({ command: ['cat', 'x.txt'], cwd: 'deep/er' }, { files })).output['stdout']).toBe('here');
  await expect(shell({ command: ['ls'], cwd: '../..' }, { files })).rejects.toMatchObject({
    reason: 'invalid_argument/agent_input',
  });
});

test('standard input is what is given, and its end', async () => {
  const stdin = 'line\n'.repeat(50_000);
  expect((await shell({ command: ['wc', '-l'], stdin })).output['stdout']).toMatch(/^\s*50000\n$/);
  expect((await shell({ command: ['true'], stdin })).output['exitCode']).toBe(0);
  expect((await shell({ command: ['cat'], stdin: { list: [1] } })).output['stdout']).toBe('{"list":[1]}');
  expect((await shell({ command: ['cat'] })).output['stdout']).toBe('');
});

describe('environment', () => {
  test('variables are added to an allow-listed part of the own one', async () => {
    const environment = { PRIVATE_KEY_OF_MINE: 'hush', VLTAIR_SECRET_TOKEN: 'deep-secret', CI: '1' };
    const { output } = await shell({ command: ['env'], env: { GREETING: 'hello world' } }, { environment });
    expect(output['stdout']).toContain('GREETING=hello world\n');
    expect(output['stdout']).toContain('CI=1\n');
    expect(output['stdout']).not.toContain('hush');
    expect(output['stdout']).not.toContain('deep-secret');
  });

  test('a secret reaches the command and comes back from it nowhere', async () => {
    const environment = { VLTAIR_SECRET_TOKEN: 'deep-secret' };
    const env = { TOKEN: { secret: 'TOKEN', prefix: 'Bearer ' } };
    const script = 'test "$TOKEN" = "Bearer deep-secret" && echo "it is $TOKEN" && echo "$TOKEN" >&2';
    const { output } = await shell({ script, env }, { environment });
    expect(output).toEqual({ exitCode: 0, stdout: 'it is Bearer <<REDACTED>>\n', stderr: 'Bearer <<REDACTED>>\n' });
  });

  test('a secret at which the output is cut comes back in no part', async () => {
    const environment = { VLTAIR_SECRET_TOKEN: 'open-sesame-open-sesame' };
    const call = { env: { TOKEN: { secret: 'TOKEN' } }, maxOutputBytes: 1_000 };
    for (const more of [{}, { stdin: 'x' }]) {
      const script = 'printf %990s .; printf %s... "$TOKEN"; printf %990s . >&2; printf %s... "$TOKEN" >&2';
      const { output } = await shell({ script, ...call, ...more }, { environment });
      expect(JSON.stringify(output)).not.toContain('open');
      expect(output).toMatchObject({ stdout: expect.stringContaining('<<REDACTED>>') });
    }
  });

  test('a secret that is not there is named', async () => {
    const attempt = shell({ command: ['env'], env: { TOKEN: { secret: 'NOWHERE' } } });
    await expect(attempt).rejects.toMatchObject({
      reason: 'not_found/secret',
      message: expect.stringContaining('NOWHERE'),
    });
  });
});

describe('JSON', () => {
  test('standard output is parsed on request', async () => {
    const { output } = await shell({ command: ['echo', '{"total": 3, "names": ["a"]}'], json: true });
    expect(output['json']).toEqual({ total: 3, names: ['a'] });
  });

  test('what is no JSON fails, unless the command failed anyway', async () => {
    await expect(shell({ command: ['echo', 'text'], json: true })).rejects.toMatchObject({
      reason: 'invalid_argument/json',
    });
    expect(await shell({ script: 'echo text; exit 1', json: true })).toMatchObject({ signal: 'nonzero' });
  });
});

describe('bounds', () => {
  test('output is cut, and says so', async () => {
    const { output } = await shell({
      script: 'yes | head -c 10000; yes no | head -c 10000 >&2',
      maxOutputBytes: 1_000,
    });
    for (const name of ['stdout', 'stderr']) {
      expect(z.string().parse(output[name]).length).toBeLessThan(1_100);
      expect(output[name]).toContain('[TRUNCATED at 1000 bytes]');
    }
    const cut = await shell({ script: 'cat; yes | head -c 10000', stdin: 'x', maxOutputBytes: 1_000 });
    expect(cut.output['stdout']).toContain('[TRUNCATED at 1000 bytes]');
  });

  test('time is bounded', async () => {
    const attempt = shell({ command: ['sleep', '30'], timeoutMs: 300 });
    await expect(attempt).rejects.toMatchObject({ reason: 'timeout/wall' });
  });

  test('memory is bounded', async () => {
    const script = 'head -c 200000000 /dev/zero | tail -c 190000000 | wc -c';
    const attempt = shell({ script, memoryBytes: 32 * 1024 ** 2 });
    await expect(attempt).rejects.toMatchObject({ reason: 'resource_exhausted/memory' });
  });

  test('a command that kills itself has a code', async () => {
    expect(await shell({ script: 'kill -9 $$' })).toMatchObject({ signal: 'nonzero', output: { exitCode: 137 } });
  });

  test('a command that is cancelled is gone with all that it started, within half a second', async () => {
    const controller = new AbortController();
    const seconds = `60.${process.pid}${Math.trunc(performance.now())}`;
    const script = `(setsid sleep ${seconds} &); sh -c 'sleep ${seconds}; true'`;
    const marker = `sleep\0${seconds}`;
    const attempt = shell({ script }, { signal: controller.signal });
    attempt.catch(() => {}); // it is looked at below
    await until(() => processesWith(marker) === 2);
    const begin = performance.now();
    controller.abort(new VltairError('cancelled/run'));
    await expect(attempt).rejects.toMatchObject({ reason: 'cancelled/run' });
    const elapsed = performance.now() - begin;
    process.stdout.write(`cancelled and gone after ${elapsed.toFixed(0)} ms\n`);
    expect(processesWith(marker)).toBe(0);
    expect(elapsed).toBeLessThan(500);
  });
});

describe('network', () => {
  test('a command has none', async ({ skip }) => {
    skip(!isNetworkCut, 'this machine cannot cut the network off');
    const script = `grep -v lo: /proc/net/dev | grep -c :`;
    expect((await shell({ script })).output['stdout']).toBe('0\n');
  });

  test('it gets the one of the machine where the configuration allows that, and is refused elsewhere', async () => {
    const script = 'cat /proc/net/dev | grep -c :';
    await expect(shell({ script, network: true })).rejects.toMatchObject({ reason: 'forbidden/network' });
    const own = readFileSync('/proc/net/dev', 'utf8')
      .split('\n')
      .filter((line) => line.includes(':')).length;
    const { output } = await shell({ script, network: true }, { allowNetwork: true });
    expect(output['stdout']).toBe(`${own}\n`);
  });
});

describe('the effect', () => {
  test.each([
    [{}, 'once'],
    [{ repeatable: true }, 'repeatable'],
  ])('%j: a command happens %s', async (more, policy) => {
    const { workspace } = await aPlace(undefined);
    const agent = createShell({ sandbox, workspace, environment: { PATH: process.env['PATH'] } });
    const payload = { action: 'run', command: ['true'], timeoutMs: 5_000, ...more };
    const task: AgentTask = { type: 'AgentTask', id: 'task-1', protocolVersion: 1, payload };
    const context = aContext();
    const specs: unknown[] = [];
    const effect: typeof context.effect = async (spec, call) => (specs.push(spec), await context.effect(spec, call));
    await agent.run(task, { ...context, effect });
    expect(specs).toMatchObject([{ name: 'run command', summary: 'true', policy, reserve: { timeMs: 5_000 } }]);
  });
});

test.each<[string, JsonObject]>([
  ['neither command nor script', {}],
  ['both', { command: ['true'], script: 'true' }],
  ['an empty command', { command: [] }],
  ['a time of nothing', { command: ['true'], timeoutMs: 0 }],
  ['an unknown field', { command: ['true'], shell: true }],
  ['a secret that is no name', { command: ['true'], env: { X: { secret: 'a-b' } } }],
  ['a program that is not there', { command: ['no-such-program-anywhere'] }],
  ['a variable that cannot be one', { command: ['true'], env: { 'A=B': 'x' } }],
])('%s is refused', async (_, input) => {
  await expect(shell(input)).rejects.toMatchObject({ reason: 'invalid_argument/agent_input' });
});

async function until(condition: () => boolean): Promise<void> {
  let isOver = false;
  onTestFinished(() => void (isOver = true));
  while (!condition() && !isOver) await delay(10);
}

/** Living processes of this machine whose command line begins so. */
function processesWith(word: string): number {
  const commands = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return ''; // it has ended since
      }
    });
  return commands.filter((command) => command.startsWith(word)).length;
}
