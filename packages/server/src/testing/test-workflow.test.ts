import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { WorkflowInput } from '@vltair/protocol';
import { afterAll, describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { answer, defineWorkflow, scripted, testWorkflow, VltairError, type ScriptContext } from './index.ts';

const directory = mkdtempSync(join(tmpdir(), 'vltair-kit-'));
afterAll(() => rmSync(directory, { recursive: true }));

const DAY = 86_400_000;
const flaky = new VltairError('transient/agent', { detail: 'busy' });

function oneNode(more: Partial<WorkflowInput['nodes'][number]> = {}): WorkflowInput {
  return { name: 'one', nodes: [{ id: 'work', agent: 'worker', ...more }], output: { of: '{{work.output}}' } };
}

describe('time', () => {
  const napping: WorkflowInput = {
    name: 'napping',
    nodes: [
      { id: 'nap', sleep: '30d' },
      { id: 'wake', agent: 'worker', needs: ['nap'] },
    ],
  };

  test('of a sleep of thirty days passes at once, to the millisecond', async () => {
    const began = performance.now();
    await using run = await testWorkflow(napping, { agents: { worker: {} }, startTime: '2026-02-01T12:00:00Z' });
    expect(await run.runUntilRest()).toBe('succeeded');
    expect(new Date(run.now).toISOString()).toBe('2026-03-03T12:00:00.000Z');
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test('stands until it is let pass', async () => {
    await using run = await testWorkflow(napping, { agents: { worker: {} } });
    expect(run.waitingFor).toEqual([{ run: run.id, kind: 'sleep', node: 'nap', untilTs: run.now + 30 * DAY }]);
    await run.advance('29d');
    expect(run.node('wake').status).toBe('waiting');
    await run.advanceTo(run.now + DAY);
    expect(run.status).toBe('succeeded');
    await expect(run.advanceTo(0)).rejects.toThrow('1970-01-01T00:00:00.000Z is past');
    await expect(run.advance('soon')).rejects.toThrow('soon is no time span such as 90s or 1h30m');
    await expect(run.advanceTo('soon')).rejects.toThrow('soon is no time');
  });

  test('that an agent takes is the time of the test', async () => {
    const worker = async (_: unknown, context: ScriptContext) => {
      await context.sleep('90s');
      return { slept: await context.now('woken') };
    };
    await using run = await testWorkflow(oneNode(), { agents: { worker }, startTime: 0 });
    await run.runUntilRest();
    expect(run.output).toEqual({ of: { slept: 90_000 } });
  });

  test('of people does not run out while others work: it has to be let', async () => {
    const asking: WorkflowInput = {
      name: 'asking',
      nodes: [
        { id: 'nap', sleep: '2d' },
        { id: 'ask', approval: { message: 'Go?', expires: '1d', warnBefore: '1h' }, onFailure: 'continue' },
      ],
    };
    await using run = await testWorkflow(asking);
    expect(await run.runUntilRest()).toBe('paused');
    expect(run.eventsOf('approval.granted')).toEqual([]);
    await run.advance('1d');
    expect(run.node('ask').failure?.reason).toBe('deadline_exceeded/approval');
    expect(await run.runUntilRest()).toBe('succeeded');
  });
});

describe('a script', () => {
  test('is an output, a function, an error, or a list of them', async () => {
    const agents = { worker: [flaky, flaky, ({ n }: { n?: unknown }) => ({ n: Number(n) + 1 })] };
    await using run = await testWorkflow(oneNode({ input: { n: 4 } }), { agents });
    expect(await run.runUntilRest()).toBe('succeeded');
    expect(run.output).toEqual({ of: { n: 5 } });
    expect(run.calls('worker').map(({ attempt, input }) => ({ attempt, input }))).toEqual(
      [1, 2, 3].map((attempt) => ({ attempt, input: { n: 4 } })),
    );
    expect(run.events.at(-1)?.ts).toBe(Date.parse('2026-01-01T00:00:03Z'));
  });

  test('fails the node with the reason of its error', async () => {
    await using run = await testWorkflow(oneNode(), { agents: { worker: new VltairError('fatal/agent') } });
    await run.runUntilRest();
    expect({ status: run.status, reason: run.failure?.reason }).toEqual({ status: 'failed', reason: 'fatal/agent' });
    await using odd = await testWorkflow(oneNode({ maxAttempts: 1 }), { agents: { worker: new TypeError('oh') } });
    await odd.runUntilRest();
    expect(odd.failure).toMatchObject({ reason: 'internal/unexpected', message: expect.stringContaining('oh') });
  });

  test('gives signals, files and tasks', async () => {
    const workflow: WorkflowInput = {
      name: 'rich',
      taskAgents: ['helper'],
      nodes: [
        { id: 'plan', agent: 'worker', action: 'plan', routes: [{ on: 'ready', to: 'build' }] },
        { id: 'build', agent: 'worker', action: 'build' },
      ],
    };
    await using run = await testWorkflow(workflow, {
      files: { 'a.txt': 'old', 'b.txt': 'kept' },
      agents: {
        'worker/plan': answer({}, { signal: 'ready', newTasks: [{ agent: 'helper', input: { of: 1 } }] }),
        worker: (_, { files }) =>
          answer({}, { change: { path: 'a.txt', content: `new, not ${String(files['a.txt'])}` } }),
        helper: { helped: true },
      },
    });
    expect(await run.runUntilRest()).toBe('succeeded');
    expect(run.files).toEqual({ 'a.txt': 'new, not old', 'b.txt': 'kept' });
    expect(run.calls('helper')).toMatchObject([{ node: 'plan+0', action: 'run', input: { of: 1 } }]);
    expect(run.calls('worker/build')).toHaveLength(1);
  });

  test('may not write where agents may not', async () => {
    for (const [path, reason] of [
      ['src/a.test.ts', 'forbidden/protected_path'],
      ['../a.txt', 'invalid_argument/path_outside'],
    ] as const) {
      const worker = answer({}, { change: { path, content: '' } });
      await using run = await testWorkflow(oneNode(), { agents: { worker } });
      await run.runUntilRest();
      expect(run.failure?.reason).toBe(reason);
    }
  });

  test('has the types of the action that it is for, and is held to its schemas', async () => {
    const scan = {
      agent: 'scanner',
      action: 'scan',
      input: z.object({ paths: z.array(z.string()) }),
      output: z.object({ total: z.int() }),
      signals: ['clean', 'dirty'],
    } as const;
    const workflow = defineWorkflow({ name: 'scans' }, (w) => {
      const scanned = w.node('scan', { agent: scan, input: { paths: ['a', 'b'] } });
      return { total: scanned.output.total };
    });
    const agents = scripted(scan, ({ paths }) => answer({ total: paths.length }, { signal: 'clean' }));
    await using run = await testWorkflow(workflow, { agents });
    await run.runUntilRest();
    expect(run.output).toEqual({ total: 2 });
    const [call] = run.calls(scan);
    expectTypeOf(call?.input.paths).toEqualTypeOf<string[] | undefined>();
    expect(call?.input.paths).toEqual(['a', 'b']);
    // @ts-expect-error TS2345 -- the agent puts out a number
    scripted(scan, { total: 'many' });
    // @ts-expect-error TS2322 -- the agent never gives this signal
    scripted(scan, () => answer({ total: 1 }, { signal: 'drity' }));
    await using wrong = await testWorkflow(workflow, { agents: scripted(scan, { total: 1.5 }) });
    await wrong.runUntilRest();
    expect(wrong.failure?.message).toContain('total');
  });
});

describe('a test that is wrong', () => {
  test('is told which nodes have an agent without a script', async () => {
    const workflow: WorkflowInput = {
      name: 'unscripted',
      taskAgents: ['helper'],
      nodes: [
        { id: 'say', agent: 'transform', action: 'evaluate', input: { expression: '1 + 1' } },
        { id: 'call', agent: 'http', action: 'request', input: { url: 'https://example.com' } },
        { id: 'pay', agent: 'payer', compensate: { agent: 'payer', action: 'refund' } },
      ],
    };
    await expect(testWorkflow(workflow, { agents: { 'payer/run': {} } })).rejects.toThrow(
      'The test cannot play the workflow: node call needs http/request, node pay needs payer/refund, taskAgents needs helper, for which there is no script',
    );
  });

  test('is told the first problem of the workflow, and its place in a file', async () => {
    await expect(testWorkflow({ name: 'Bad', nodes: [] })).rejects.toThrow('The workflow does not fit the format');
    const path = join(directory, 'broken.yaml');
    writeFileSync(path, 'name: broken\nnodes:\n  - { id: a, agent: worker, needs: [b] }\n');
    const refused = { reason: 'invalid_argument/unknown_node', where: `${path}:3:37` };
    await expect(testWorkflow(path, { agents: { worker: {} } })).rejects.toMatchObject(refused);
    await expect(testWorkflow(pathToFileURL(path), { agents: { worker: {} } })).rejects.toMatchObject(refused);
    const misused = oneNode({ agent: 'shell', input: { scrpt: 'ls' } });
    await expect(testWorkflow(misused, { agents: { shell: {} } })).rejects.toThrow('did you mean "script"');
  });

  test('is told when a list has too few answers', async () => {
    const run = await testWorkflow(oneNode(), { agents: { worker: [flaky] } });
    await expect(run.runUntilRest()).rejects.toThrow('the script of worker has 1 answers; node work asks for number 2');
    await run.close();
  });

  test('is told when an agent of the product never gives that signal', async () => {
    const shell = answer({ exitCode: 1 }, { signal: 'failure' });
    const starting = testWorkflow(oneNode({ agent: 'shell', input: { script: 'ls' } }), { agents: { shell } });
    await expect(starting).rejects.toThrow('shell run never gives the signal "failure", only success, nonzero');
  });

  test('is told when nothing will ever happen', async () => {
    const worker = async (_: unknown, context: ScriptContext) => await context.hang();
    await using run = await testWorkflow(oneNode(), { agents: { worker } });
    await expect(run.runUntilRest()).rejects.toThrow('worker of node work hangs, and has no timeout');
    const never = () => new Promise<never>(() => {});
    await expect(testWorkflow(oneNode(), { agents: { worker: never }, patienceMs: 50 })).rejects.toThrow(
      'worker of node work has not answered for 50 ms of real time',
    );
  });
});

describe('an agent of the product', () => {
  const deploying = oneNode({ agent: 'shell', input: { script: 'deploy' } });

  test('acts through the ledger, so that a policy meets its script', async () => {
    const policy = {
      rules: [{ name: 'deploys', match: { effect: 'run command' }, verdict: 'ask', approvers: ['ann'] }],
    };
    let deployed = 0;
    const shell = () => ({ stdout: `deployed ${(deployed += 1)}` });
    await using run = await testWorkflow(deploying, { agents: { shell }, policy });
    expect(await run.runUntilRest()).toBe('paused');
    expect(deployed).toBe(0);
    await expect(run.approve('work')).rejects.toMatchObject({ reason: 'forbidden/approver' });
    await run.approve('work', { by: 'ann', comment: 'fine' });
    expect(await run.runUntilRest()).toBe('succeeded');
    expect(run.output).toEqual({ of: { exitCode: 0, stdout: 'deployed 1', stderr: '' } });
    await run.expectVerified();
  });

  test('is not asked again after a crash for what is recorded', async () => {
    let calls = 0;
    const workflow: WorkflowInput = {
      ...deploying,
      nodes: [...deploying.nodes, { id: 'nap', sleep: '1h', needs: ['work'] }],
    };
    await using run = await testWorkflow(workflow, { agents: { shell: () => ({ exitCode: (calls += 1) - 1 }) } });
    await run.crash();
    expect(await run.runUntilRest()).toBe('succeeded');
    expect(calls).toBe(1);
    await run.expectVerified();
  });

  test('that was cut off by a crash is parked, and a person answers', async () => {
    const shell = async (_: unknown, context: ScriptContext) => {
      if (context.incarnation === 1) await context.sleep('10s');
      return { stdout: 'done' };
    };
    await using run = await testWorkflow(deploying, { agents: { shell } });
    await run.crash();
    expect(await run.runUntilRest()).toBe('paused');
    expect(run.waitingFor).toMatchObject([{ kind: 'parked_effect', node: 'work' }]);
    await expect(run.resolve('elsewhere', 'retry')).rejects.toMatchObject({ reason: 'not_found/parked_effect' });
    await run.resolve('work', 'retry');
    expect(await run.runUntilRest()).toBe('succeeded');
    await run.expectVerified();
  });

  test('sends requests whose status is the signal', async () => {
    const workflow = oneNode({
      ...{ agent: 'http', action: 'request', input: { url: 'https://example.com' } },
      routes: [{ on: 'client_error', end: 'failed', reason: 'fatal/agent' }],
    });
    await using run = await testWorkflow(workflow, { agents: { http: { status: 404, body: 'no' } } });
    expect(await run.runUntilRest()).toBe('failed');
    expect(run.node('work')).toMatchObject({ signal: 'client_error', output: { status: 404, body: 'no' } });
    expect(run.eventsOf('effect.intended')).toMatchObject([{ policy: 'repeatable' }]);
  });
});

describe('people', () => {
  const family: WorkflowInput = {
    name: 'family',
    nodes: [
      { id: 'sub', subrun: { workflow: 'child' } },
      {
        id: 'more',
        signal: { form: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] } },
        needs: ['sub'],
      },
    ],
    output: { n: '{{more.output.data.n}}', by: '{{sub.output.by}}' },
    workflows: {
      child: {
        nodes: [
          { id: 'ask', approval: { message: 'Go on?' } },
          { id: 'word', signal: {}, needs: ['ask'] },
        ],
        output: { by: '{{ask.output.by}}' },
      },
    },
  };

  test('answer a run, and those below it', async () => {
    await using run = await testWorkflow(family);
    await run.runUntilRest();
    expect(run.waitingFor).toMatchObject([{ run: `${run.id}.1`, kind: 'approval', node: 'ask' }]);
    await run.approve('ask', { by: 'ann' });
    await run.signal('word', 'hello');
    expect(run.children).toMatchObject([{ run: `${run.id}.1`, status: 'succeeded' }]);
    await expect(run.signal('more', { n: 'many' })).rejects.toMatchObject({ reason: 'invalid_argument/signal_data' });
    await run.signal('more', { n: 3 });
    expect(await run.runUntilRest()).toBe('succeeded');
    expect(run.output).toEqual({ n: 3, by: 'ann' });
    await run.expectVerified();
  });

  test('reject, cancel, pause, resume and retry', async () => {
    await using rejected = await testWorkflow({ name: 'asks', nodes: [{ id: 'ask', approval: { message: 'Go?' } }] });
    await rejected.reject('ask', { reason: 'not now' });
    expect(rejected.failure?.message).toContain('not now');
    await expect(rejected.approve('ask')).rejects.toMatchObject({ reason: 'invalid_argument/run_ended' });

    await using cancelled = await testWorkflow(oneNode(), {
      agents: { worker: async (_, context) => await context.hang() },
    });
    await cancelled.pause();
    await cancelled.resume();
    await cancelled.cancel({ by: 'ann' });
    expect(await cancelled.runUntilRest()).toBe('cancelled');

    const worker = [new VltairError('fatal/agent'), { better: true }];
    await using retried = await testWorkflow(oneNode(), { agents: { worker } });
    await retried.runUntilRest();
    await retried.retry({ grant: { calls: 1 } });
    expect(await retried.runUntilRest()).toBe('succeeded');
    expect(retried.output).toEqual({ of: { better: true } });
    expect(() => retried.node('nobody')).toThrow('The run has no such node: nobody');
  });
});

test('a child that ends by itself while it is being cancelled does not hold up the run above', async () => {
  const workflow: WorkflowInput = {
    name: 'race',
    nodes: [
      { id: 'first', agent: 'worker' },
      { id: 'sub', subrun: { workflow: 'child' }, needs: ['first'] },
      { id: 'bad', agent: 'bad' },
    ],
    finally: [{ id: 'sweep', agent: 'worker' }],
    workflows: { child: { nodes: [{ id: 'below', agent: 'worker' }] } },
  };
  const bad = async (_: unknown, context: ScriptContext): Promise<never> => {
    const call = { name: 'call', arguments: null, summary: 'call', policy: 'once', clocks: { total: 1_000 } } as const;
    await context.effect(call, () => Promise.resolve(null)); // meanwhile the child begins
    throw new VltairError('fatal/agent');
  };
  await using run = await testWorkflow(workflow, { agents: { worker: {}, bad } });
  expect(await run.runUntilRest()).toBe('failed');
  expect(run.children).toMatchObject([{ status: 'succeeded' }]);
  expect(run.node('sweep').status).toBe('succeeded');
  await run.expectVerified();
});

test('an agent that takes too long is stopped by its timeout', async () => {
  const worker = async (_: unknown, context: ScriptContext) => await context.hang();
  await using run = await testWorkflow(oneNode({ timeout: '10m' }), { agents: { worker } });
  expect(await run.runUntilRest()).toBe('failed');
  expect(run.failure?.reason).toBe('deadline_exceeded/node');
  expect(run.now - Date.parse('2026-01-01T00:00:00Z')).toBe(600_000);
});

test('the same test gives the same log, and another seed another run', async () => {
  const logOf = async (seed: number) => {
    const agents = { worker: [flaky, { n: 1 }] };
    await using run = await testWorkflow(oneNode({ needs: [] }), { agents, seed });
    await run.runUntilRest();
    await run.expectVerified();
    return JSON.stringify(run.events);
  };
  expect(await logOf(1)).toBe(await logOf(1));
  expect(await logOf(2)).not.toBe(await logOf(1));
});
