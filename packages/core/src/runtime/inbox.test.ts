import { canonicalJson, jsonObjectSchema, workflowSchema, type JsonObject, type WorkflowInput } from '@vltair/protocol';
import { expect, test } from 'vitest';
import { RunFixture } from '../../test/run-fixture.ts';
import type { Errand } from '../index.ts';

const one: WorkflowInput = { name: 'one', nodes: [{ id: 'a', agent: 'agent' }] };
const RUN = '01a1fbfb-8dee-74a7-a11c-191198669779';

function errandJson(errand: Errand): JsonObject {
  return jsonObjectSchema.parse(errand);
}

function aStart(workflow: WorkflowInput = one): Extract<Errand, { type: 'start' }>['request'] {
  return { workflow: workflowSchema.parse(workflow), input: { n: 1 }, traceId: '1'.repeat(32), title: 'a title' };
}

async function answered(fixture: RunFixture, id: string, run: string, command: JsonObject) {
  await fixture.store.send({ id, run, command, ts: 1 });
  await fixture.runtime.answerInbox();
  return await fixture.store.answerTo(id);
}

test('a start of another process begins the run under the id that it brings, once', async () => {
  const fixture = await RunFixture.open({ agents: { agent: () => ({}) } });
  const start = errandJson({ type: 'start', joins: false, request: aStart() });
  expect(await answered(fixture, 's1', RUN, start)).toMatchObject({ refusal: undefined });
  expect((await fixture.runtime.rest(RUN)).status).toBe('succeeded');
  expect(await fixture.store.run(RUN)).toMatchObject({ title: 'a title', traceId: '1'.repeat(32) });
  await answered(fixture, 's1', RUN, start);
  expect((await fixture.types(RUN)).filter((type) => type === 'run.created')).toHaveLength(1);
  expect(await answered(fixture, 's2', RUN, start)).toMatchObject({
    refusal: { reason: 'invalid_argument/run_exists' },
  });
  await fixture.close();
});

test('whoever sends what cannot be is told the reason that he would be told here', async () => {
  const fixture = await RunFixture.open({ agents: { agent: () => ({}) } });
  const { run } = await fixture.run(one);
  const refusalOf = async (id: string, to: string, command: JsonObject) =>
    (await answered(fixture, id, to, command))?.refusal;
  const unknown = { name: 'x', nodes: [{ id: 'a', agent: 'nobody' }] };
  expect(
    await refusalOf('agent', RUN, errandJson({ type: 'start', joins: false, request: aStart(unknown) })),
  ).toMatchObject({
    reason: 'invalid_argument/unknown_agent',
    message: 'The workflow names an agent that is not registered: nobody',
  });
  expect(await refusalOf('shape', RUN, { type: 'start', joins: true, request: {} })).toMatchObject({
    reason: 'invalid_argument/envelope',
    where: 'request.workflow',
  });
  for (const workflow of [{ nodes: 'x' }, { name: 'x', nodes: [{ id: 'a' }], budget: {} }, null]) {
    const request = { ...aStart(), workflow } as unknown as JsonObject;
    expect(
      await refusalOf(`loose ${canonicalJson(workflow)}`, RUN, { type: 'start', joins: true, request }),
    ).toMatchObject({
      reason: 'invalid_argument/envelope',
      where: 'request.workflow',
    });
  }
  expect(await refusalOf('ended', run, { type: 'cancel', by: 'ada', reason: 'x' })).toMatchObject({
    reason: 'invalid_argument/run_ended',
    message: `The run has ended: ${run} succeeded`,
  });
  expect(await refusalOf('nobody', RUN, { type: 'cancel', by: 'ada', reason: 'x' })).toMatchObject({
    reason: 'not_found/run',
  });
  expect(await refusalOf('dance', run, { type: 'dance' })).toMatchObject({ reason: 'invalid_argument/envelope' });
  expect(await fixture.store.inbox()).toEqual([]);
  expect(await fixture.store.run(RUN)).toBeUndefined();
  await fixture.close();
});

test('of two starts that join each other the second is told the run of the first', async () => {
  const fixture = await RunFixture.open({ agents: { agent: () => new Promise<never>(() => {}) } });
  const request = { ...aStart(), joinKey: 'same' };
  await answered(fixture, 's1', RUN, errandJson({ type: 'start', joins: true, request }));
  const [second, third] = [RUN.replace('01a1', '01a2'), RUN.replace('01a1', '01a3')];
  expect(await answered(fixture, 's2', second, errandJson({ type: 'start', joins: true, request }))).toMatchObject({
    refusal: { reason: 'invalid_argument/run_exists', where: RUN },
  });
  expect(await answered(fixture, 's3', third, errandJson({ type: 'start', joins: false, request }))).toMatchObject({
    refusal: undefined,
  });
  await fixture.close();
});

test('a fork of another process begins with what the run had come to', async () => {
  const fixture = await RunFixture.open({ agents: { agent: () => ({}) } });
  const nodes = [
    { id: 'a', agent: 'agent' },
    { id: 'b', agent: 'agent', needs: ['a'] },
  ];
  const { run: from } = await fixture.run({ name: 'two', nodes });
  const fork = (node: string) => errandJson({ type: 'fork', request: { from, node, traceId: '2'.repeat(32) } });
  expect(await answered(fixture, 'f1', RUN, fork('b'))).toMatchObject({ refusal: undefined });
  expect((await fixture.runtime.rest(RUN)).status).toBe('succeeded');
  expect((await fixture.events(RUN))[0]?.payload).toMatchObject({ forkedFrom: { run: from } });
  expect((await answered(fixture, 'f2', 'other', fork('c')))?.refusal).toMatchObject({ reason: 'not_found/node' });
  await fixture.close();
});

test('a run is taken up for whoever asks; one that is worked on stays as it is', async () => {
  const begun = Promise.withResolvers<undefined>();
  const first = await RunFixture.open({
    agents: { agent: () => (begun.resolve(undefined), new Promise<never>(() => {})) },
  });
  const run = await first.start(one);
  await begun.promise;
  await first.crash();
  const second = await RunFixture.open({ agents: { agent: () => ({}) }, directory: first.directory });
  expect(second.runtime.isWorkingOn(run)).toBe(false);
  expect(await answered(second, 't1', run, { type: 'take_up' })).toMatchObject({ refusal: undefined });
  expect((await second.runtime.rest(run)).status).toBe('succeeded');
  expect((await second.types(run)).filter((type) => type === 'run.claimed')).toHaveLength(1);
  await second.close();
});

test('what another process has written into a directory is recorded after the end of the run', async () => {
  const fixture = await RunFixture.open({ agents: { agent: () => ({}) } });
  const { run } = await fixture.run(one);
  const applied = { by: 'ann', directory: '/project', treeBefore: 'a', treeAfter: 'b', files: ['x.js'] };
  const errand = errandJson({ type: 'record_applied', applied });
  expect(await answered(fixture, 'a1', run, errand)).toMatchObject({ refusal: undefined });
  await answered(fixture, 'a1', run, errand);
  const recorded = (await fixture.events(run)).filter(({ payload }) => payload.type === 'tree.applied');
  expect(recorded.map(({ payload }) => payload)).toEqual([{ type: 'tree.applied', ...applied }]);
  await fixture.close();
});
