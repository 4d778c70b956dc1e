// How workflows are tested: each of the examples beside this file, played with scripts in place of its agents.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { answer, scripted, testWorkflow, VltairError } from '@vltair/server/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { note, workflow as typed } from './typed.ts';

const played = new Set<string>();

/** An example, started with what a test needs of it. */
async function start(name: string, options: Parameters<typeof testWorkflow>[1]) {
  played.add(name);
  const run = await testWorkflow(join(import.meta.dirname, `${name}.yaml`), options);
  runs.push(run);
  return run;
}

const runs: Awaited<ReturnType<typeof testWorkflow>>[] = [];
afterEach(async () => {
  for (const run of runs.splice(0)) {
    await run.expectVerified();
    await run.close();
  }
});

/** Writes the file that it is asked for, as the agent of that name does with a content that it is given. */
const codegen = ({ target, content }: { readonly target?: unknown; readonly content?: unknown }) =>
  answer({ target: String(target) }, { change: { path: String(target), content: String(content) } });

describe('approval', () => {
  test('publishes what somebody agreed to', async () => {
    const run = await start('approval', { input: { version: '1.2' }, agents: { codegen } });
    expect(await run.runUntilRest()).toBe('paused');
    expect(run.waitingFor).toMatchObject([{ kind: 'approval', node: 'decide', message: 'Publish "Release 1.2"?' }]);
    await run.approve('decide', { by: 'ann' });
    expect(await run.runUntilRest()).toBe('succeeded');
    expect(run.files).toEqual({ 'RELEASE.md': 'Release 1.2, approved by ann' });
  });

  test('publishes nothing that somebody rejects', async () => {
    const run = await start('approval', { input: { version: '1.2' }, agents: { codegen } });
    await run.reject('decide', { by: 'ann', reason: 'not yet' });
    expect(await run.runUntilRest()).toBe('succeeded');
    expect(run.calls('codegen')).toEqual([]);
  });

  test('warns an hour before a day is over, and fails then', async () => {
    const run = await start('approval', { input: { version: '1.2' }, agents: { codegen } });
    await run.advance('23h');
    expect(run.eventsOf('timer.fired')).toMatchObject([{ timer: { kind: 'approval_warning' } }]);
    expect(await run.advance('1h')).toBe('failed');
    expect(run.failure?.reason).toBe('deadline_exceeded/approval');
  });
});

describe('compensation', () => {
  /** Says where it was asked to reserve, and whether the payment goes through. */
  const shell = ({ script, env }: { readonly script?: unknown; readonly env?: unknown }) => {
    const [, reserved = ''] = /^echo (.*)$/.exec(String(script)) ?? [];
    return { exitCode: JSON.stringify(env) === '{"AMOUNT":"120"}' ? 1 : 0, stdout: reserved };
  };

  test('gives back what was reserved, the youngest first, when the payment fails', async () => {
    const run = await start('compensation', { input: { amount: '120' }, agents: { shell } });
    expect(await run.runUntilRest()).toBe('failed');
    expect(run.failure?.reason).toBe('fatal/agent');
    const scripts = run.calls('shell').map(({ input }) => input['script']);
    expect(scripts.slice(3)).toEqual(['echo cancelled flight-12', 'echo cancelled room-7']);
    expect(run.node('tell').output).toEqual({ message: 'the trip has failed' });
  });

  test('keeps everything when it succeeds', async () => {
    const run = await start('compensation', { input: { amount: '80' }, agents: { shell } });
    expect(await run.runUntilRest()).toBe('succeeded');
    expect(run.calls('shell').map(({ node }) => node)).toEqual(['room', 'flight', 'payment']);
  });

  test('a person says whether a reservation was made that a crash cut off', async () => {
    const run = await start('compensation', {
      input: { amount: '80' },
      agents: {
        shell: async (input, context) => {
          if (context.node === 'flight' && context.incarnation === 1) await context.sleep('1s');
          return shell(input);
        },
      },
    });
    await run.crash();
    expect(run.waitingFor).toMatchObject([{ kind: 'parked_effect', node: 'flight' }]);
    await run.resolve('flight', 'retry');
    expect(await run.runUntilRest()).toBe('succeeded');
    expect(run.calls('shell').map(({ node }) => node)).toEqual(['room', 'flight', 'flight', 'payment']);
  });
});

test('diamond joins two branches', async () => {
  const run = await start('diamond', { input: { text: 'Is this a long question, or is it not?' } });
  await run.runUntilRest();
  expect(run.output).toEqual({ verdict: 'a long question' });
});

describe('loop', () => {
  const judged = {
    'shell/run': ({ stdin }: { readonly stdin?: unknown }) => ({ exitCode: Number(stdin) < 10 ? 0 : 1 }),
  };

  test('asks until the answer fits', async () => {
    const run = await start('loop', { agents: judged });
    for (const value of [12, 10, 7]) {
      expect(await run.runUntilRest()).toBe('paused');
      await run.signal('number', { value });
    }
    expect(await run.runUntilRest()).toBe('succeeded');
    expect(run.output).toEqual({ value: 7 });
  });

  test('takes no answer that its form does not', async () => {
    const run = await start('loop', { agents: judged });
    await expect(run.signal('number', { value: 'seven' })).rejects.toMatchObject({
      reason: 'invalid_argument/signal_data',
    });
    expect(run.calls()).toEqual([]);
  });

  test('gives up after the fifth', async () => {
    const run = await start('loop', { agents: judged });
    for (let turn = 0; turn < 5; turn += 1) await run.signal('number', { value: 99 });
    expect(await run.runUntilRest()).toBe('failed');
    expect(run.node('ask').visit).toBe(5);
  });
});

test('map halves what can be halved', async () => {
  const run = await start('map', { input: { numbers: [4, 'many', 9] } });
  expect(await run.runUntilRest()).toBe('succeeded');
  expect(run.output).toEqual({ results: [{ half: 2 }, null, { half: 4.5 }], good: 2 });
});

test('sequential writes the invoice, also when the writer is busy at first', async () => {
  const busy = new VltairError('transient/agent', { detail: 'busy' });
  const run = await start('sequential', {
    input: { order: { price: 20, count: 3 } },
    agents: { 'codegen/create': [busy, codegen] },
  });
  expect(await run.runUntilRest()).toBe('succeeded');
  expect(run.output).toEqual({ gross: 75, file: 'invoice.json' });
  expect(run.files).toEqual({ 'invoice.json': '{"net": 60, "gross": 75}' });
});

test('subrun greets two, one after the other', async () => {
  const run = await start('subrun', { input: { first: 'Ada', second: 'Grace' } });
  expect(await run.runUntilRest()).toBe('succeeded');
  expect(run.output).toEqual({ greetings: 'Hello, Ada! Hello, Grace!' });
  expect(run.children.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
});

test('typed notes how many words there are, when there are enough', async () => {
  played.add('typed');
  const agents = scripted(note, ({ target, content }) => answer({ target }, { change: { path: target, content } }));
  for (const [words, files] of [
    [['one', 'more'], { 'note.txt': '2 words' }],
    [['alone'], {}],
  ] as const) {
    await using run = await testWorkflow(typed, { input: { words }, agents });
    expect(await run.runUntilRest()).toBe('succeeded');
    expect({ output: run.output, files: run.files }).toEqual({ output: { count: words.length }, files });
  }
});

test('every example is played here', () => {
  const files = readdirSync(import.meta.dirname).filter((file) => !file.endsWith('.test.ts'));
  expect([...played].toSorted()).toEqual(files.map((file) => file.replace(/\..*$/, '')).toSorted());
});
