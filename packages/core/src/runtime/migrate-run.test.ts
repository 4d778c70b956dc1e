import { canonicalJson, workflowSchema, type WorkflowInput } from '@vltair/protocol';
import { expect, test } from 'vitest';
import { RunFixture } from '../../test/run-fixture.ts';

const agents = { agent: () => ({}), other: () => ({ output: { from: 'other' } }) };
const asked = { id: 'b', approval: { message: 'on?' }, needs: ['a'] };
const before: WorkflowInput = {
  name: 'before',
  nodes: [{ id: 'a', agent: 'agent' }, asked, { id: 'c', agent: 'agent', needs: ['b'] }],
};
const after: WorkflowInput = {
  name: 'after',
  nodes: [{ id: 'a', agent: 'agent' }, asked, { id: 'c', agent: 'other', needs: ['b'] }],
  output: { from: '{{c.output.from}}' },
};
const migrate = { type: 'migrate', by: 'ada', workflow: workflowSchema.parse(after) } as const;
const approve = { type: 'approve', by: 'ada', approval: 'b' } as const;

test('a run that this process works on goes on with the new workflow, pinned to what is installed', async () => {
  const fixture = await RunFixture.open({ agents, digests: { agent: 'one', other: 'two' } });
  const { run } = await fixture.run(before);
  const { manifest, workflow } = await fixture.runtime.command(run, migrate, 'wish');
  expect(workflow).toEqual(migrate.workflow);
  expect(manifest.agents).toEqual({ agent: 'one', other: 'two' });
  await fixture.runtime.command(run, approve);
  expect(await fixture.runtime.rest(run)).toMatchObject({ status: 'succeeded', output: { from: 'other' } });
  await fixture.close();
});

test('a run that nobody works on is moved to the agents of today in the commit that claims it', async () => {
  const old = await RunFixture.open({ agents, digests: { agent: 'one' } });
  const { run } = await old.run(before);
  await old.crash();
  const today = await RunFixture.open({ agents, digests: { agent: 'newer', other: 'two' }, directory: old.directory });
  await expect(today.runtime.resume(run)).rejects.toMatchObject({ reason: 'unavailable/other_version' });
  await today.runtime.command(run, migrate);
  expect((await today.types(run)).slice(-2)).toEqual(['run.claimed', 'run.migrated']);
  await today.runtime.command(run, approve);
  expect(await today.runtime.rest(run)).toMatchObject({ status: 'succeeded', output: { from: 'other' } });
  await today.close();
});

test('a refused migration writes nothing, whoever works on the run, and the run goes on as it was', async () => {
  const changed = {
    ...after,
    nodes: after.nodes.map((node) => (node.id === 'a' ? { ...node, input: { n: 1 } } : node)),
  };
  const wish = { ...migrate, workflow: workflowSchema.parse(changed) };
  const refusal = { reason: 'invalid_argument/migration', message: /a has ended \(succeeded\), and its input changed/ };
  const first = await RunFixture.open({ agents });
  const { run } = await first.run(before);
  const log = canonicalJson(await first.types(run));
  await expect(first.runtime.command(run, wish)).rejects.toMatchObject(refused(refusal));
  await first.crash();
  const next = await RunFixture.open({ agents, directory: first.directory });
  await expect(next.runtime.command(run, wish)).rejects.toMatchObject(refused(refusal));
  const unknown = workflowSchema.parse({ name: 'x', nodes: [{ id: 'a', agent: 'nobody' }] });
  const nobody = next.runtime.command(run, { ...migrate, workflow: unknown });
  await expect(nobody).rejects.toMatchObject({ reason: 'invalid_argument/unknown_agent' });
  expect(canonicalJson(await next.types(run))).toBe(log);
  expect(next.runtime.isWorkingOn(run)).toBe(false);
  await next.runtime.command(run, approve);
  expect((await next.runtime.rest(run)).status).toBe('succeeded');
  await expect(next.runtime.command(run, migrate)).rejects.toMatchObject({ reason: 'invalid_argument/run_ended' });
  await next.close();
});

test('a wish of another process is answered once, through the inbox', async () => {
  const fixture = await RunFixture.open({ agents });
  const { run } = await fixture.run(before);
  const entry = {
    id: 'wish',
    run,
    command: { ...migrate, workflow: JSON.parse(canonicalJson(migrate.workflow)) as never },
    ts: 1,
  };
  await fixture.store.send(entry);
  await fixture.runtime.answerInbox();
  expect(await fixture.store.answerTo('wish')).toMatchObject({ refusal: undefined });
  const migrations = (await fixture.events(run)).filter(({ payload }) => payload.type === 'run.migrated');
  expect(migrations.map(({ payload }) => payload)).toMatchObject([{ commandId: 'wish', by: 'ada' }]);
  await fixture.close();
});

function refused({ reason, message }: { readonly reason: string; readonly message: RegExp }) {
  return { reason, message: expect.stringMatching(message) as string };
}
