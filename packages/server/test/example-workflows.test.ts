import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { makeRunId, makeTraceId, type JsonObject } from '@vltair/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Application } from '../src/application.ts';
import { drawFile, drawRun } from '../src/graph/draw.ts';
import { validateWorkflowFile } from '../src/workflow-file.ts';
import { openReplayed } from './replayed-application.ts';

const EXAMPLES = join(import.meta.dirname, '..', '..', '..', 'examples', 'workflows');
const files = readdirSync(EXAMPLES).filter((file) => !file.endsWith('.test.ts'));
const names = files.map((file) => file.replace(/\..*$/, ''));
const directory = mkdtempSync(join(tmpdir(), 'vltair-examples-'));
let app: Application;
beforeAll(async () => {
  app = await openReplayed({ dataDirectory: join(directory, '.vltair') });
});
afterAll(async () => {
  await app.close();
  rmSync(directory, { recursive: true });
});

function fileOf(name: string): string {
  return join(EXAMPLES, files.find((file) => file.startsWith(`${name}.`)) ?? name);
}

/** Starts an example on an empty directory and waits until it rests. */
async function run(name: string, input: JsonObject) {
  const { workflow, errors, warnings } = await validateWorkflowFile(fileOf(name), app.agents.known());
  expect([...errors, ...warnings]).toEqual([]);
  if (workflow === undefined) throw new Error(`${name} holds no workflow`);
  const { tree } = await app.workspace.capture(directory);
  const id = makeRunId(Date.now(), randomBytes(16));
  const traceId = makeTraceId(randomBytes(16));
  await app.runtime.start({ run: id, workflow, input, traceId, title: name, tree });
  return await app.runtime.rest(id);
}

async function fileIn(tree: string | undefined, path: string): Promise<string | undefined> {
  return (await app.workspace.readFile(tree ?? '', path))?.toString();
}

test('each example is run here', () => {
  expect(names.toSorted()).toEqual([
    'approval',
    'compensation',
    'diamond',
    'loop',
    'map',
    'sequential',
    'subrun',
    'typed',
  ]);
});

test('typed: a module runs as its data', async () => {
  const { output, tree } = await run('typed', { words: ['one', 'more'] });
  expect(output).toEqual({ count: 2 });
  expect(await fileIn(tree, 'note.txt')).toBe('2 words');
});

test('sequential: each step takes what the one before it gave', async () => {
  const { status, output, tree } = await run('sequential', { order: { price: 20, count: 3 } });
  expect({ status, output }).toEqual({ status: 'succeeded', output: { gross: 75, file: 'invoice.json' } });
  expect(await fileIn(tree, 'invoice.json')).toBe('{"net": 60, "gross": 75}');
});

test('diamond: two branches are joined', async () => {
  const { output } = await run('diamond', { text: 'Is this a long question, or is it not?' });
  expect(output).toEqual({ verdict: 'a long question' });
});

describe('approval', () => {
  test('goes on when a person agrees', async () => {
    const waiting = await run('approval', { version: '1.2' });
    expect(waiting).toMatchObject({ status: 'paused', waitingFor: [{ node: 'decide' }] });
    await app.runtime.command(waiting.run, { type: 'approve', by: 'somebody', approval: 'decide#1' });
    const { status, tree } = await app.runtime.rest(waiting.run);
    expect(status).toBe('succeeded');
    expect(await fileIn(tree, 'RELEASE.md')).toBe('Release 1.2, approved by somebody');
  });

  test('ends without a note when a person does not', async () => {
    const waiting = await run('approval', { version: '1.3' });
    await app.runtime.command(waiting.run, { type: 'reject', by: 'somebody', approval: 'decide#1', reason: 'not yet' });
    const { status, nodes } = await app.runtime.rest(waiting.run);
    expect({ status, publish: nodes['publish']?.status }).toEqual({ status: 'succeeded', publish: 'skipped' });
  });
});

test('loop: asks again until the answer fits', async () => {
  const asking = await run('loop', {});
  for (const value of [12, 10, 7]) {
    await app.runtime.command(asking.run, { type: 'signal', by: 'somebody', name: 'number', data: { value } });
    await app.runtime.rest(asking.run);
  }
  const { status, output, nodes } = await app.runtime.rest(asking.run);
  expect({ status, output, visits: nodes['ask']?.visit }).toEqual({
    status: 'succeeded',
    output: { value: 7 },
    visits: 3,
  });
});

test('map: a child per item, in order; one that fails gives null', async () => {
  const { output } = await run('map', { numbers: [4, 'many', 9] });
  expect(output).toEqual({ results: [{ half: 2 }, null, { half: 4.5 }], good: 2 });
});

test('subrun: the same child twice, each as a run of its own', async () => {
  const parent = await run('subrun', { first: 'Ada', second: 'Grace' });
  expect(parent).toMatchObject({ status: 'succeeded', output: { greetings: 'Hello, Ada! Hello, Grace!' } });
  expect(await app.store.run(`${parent.run}.2`)).toMatchObject({ status: 'succeeded' });
});

describe('compensation', () => {
  test('what was done is undone, the youngest first, and the end is told', async () => {
    const { run: id, status, nodes } = await run('compensation', { amount: '120' });
    const events = await app.store.read(id);
    const undone = events.flatMap(({ payload }) => (payload.type === 'compensation.started' ? [payload.node] : []));
    expect({ status, undone }).toEqual({ status: 'failed', undone: ['flight', 'room'] });
    expect(nodes['room.undo']?.result?.output).toMatchObject({ stdout: 'cancelled room-7\n' });
    expect(nodes['tell']?.result?.output).toEqual({ message: 'the trip has failed' });
  });

  test('nothing is undone when the payment succeeds', async () => {
    const { status, nodes } = await run('compensation', { amount: '80' });
    expect({ status, undo: nodes['room.undo'] }).toEqual({ status: 'succeeded', undo: undefined });
    expect(nodes['tell']?.result?.output).toEqual({ message: 'the trip has succeeded' });
  });
});

describe.each(names)('%s is drawn', (name) => {
  test('as text and as a picture, the same each time', async () => {
    const [mermaid, svg] = [await drawFile(fileOf(name), 'mermaid'), await drawFile(fileOf(name), 'svg')];
    expect(mermaid).toMatch(/^flowchart TD\n/);
    expect(svg).toContain(`<title id="title">${name}</title>`);
    expect(await drawFile(fileOf(name), 'svg')).toBe(svg);
    const { workflow } = await validateWorkflowFile(fileOf(name));
    for (const { id } of workflow?.nodes ?? []) expect(svg).toContain(`data-node="${id}"`);
  });
});

test('the picture of a run says what happened', async () => {
  const { run: id } = await run('compensation', { amount: '120' });
  const svg = await drawRun(app.store, id, 'svg');
  expect(svg).toMatch(/data-node="payment" data-kind="agent" data-status="succeeded"/);
  expect(svg).toMatch(/data-node="room.undo" data-kind="undo" data-status="succeeded"/);
  expect(svg).toMatch(/>succeeded, nonzero, \d+(ms|s)</);
  expect(svg).toContain('<title id="title">compensation: failed</title>');
  const waiting = await run('approval', { version: '2' });
  const mermaid = await drawRun(app.store, waiting.run, 'mermaid');
  expect(mermaid).toMatch(/decide<br\/>.*paused.*waits for an approval"\}\}:::paused/);
  expect(mermaid).toContain('classDef paused fill:#fff8c5');
});
