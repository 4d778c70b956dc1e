import type { Agent } from '@vltair/core';
import { agentError, agentResult, failure, VltairError, type AgentTask } from '@vltair/protocol';
import { expect, test } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import { aContext } from '../test/agent-context.ts';
import { AgentRegistry } from './registry.ts';

function anAgent(name: string, run?: Agent['run']): Agent {
  return {
    name,
    version: '1',
    description: `does ${name}`,
    run:
      run ??
      (async (task, { traceId }) =>
        agentResult({ task, agent: name, traceId, payload: { output: { by: name }, artifacts: [] } })),
  };
}

function aTask(agent?: string): AgentTask {
  return {
    type: 'AgentTask',
    id: 'task-1',
    protocolVersion: 1,
    payload: { action: 'run' },
    ...(agent === undefined ? {} : { agent }),
  };
}

test('a name is registered once', () => {
  expect(() => new AgentRegistry([anAgent('scan'), anAgent('scan')])).toThrow('registered under one name: scan');
});

test('the list is sorted and every digest follows from name, version and description', () => {
  const registry = new AgentRegistry([anAgent('scan'), anAgent('notify')]);
  expect(registry.list().map(({ name }) => name)).toEqual(['notify', 'scan']);
  expect(registry.digests()).toEqual(new AgentRegistry([anAgent('notify'), anAgent('scan')]).digests());
  const changed = new AgentRegistry([{ ...anAgent('scan'), version: '2' }]);
  expect(changed.digests()['scan']).not.toBe(registry.digests()['scan']);
});

test('what actions take and give is no part of an identity', () => {
  const schemas = { input: { type: 'object' }, output: {}, signals: ['done'] };
  const scan = anAgent('scan');
  const described = new AgentRegistry([{ ...scan, actions: { run: schemas } }]);
  expect(described.schemasOf('scan', 'run')).toEqual(schemas);
  for (const [agent, action] of [
    ['scan', 'toString'],
    ['scan', 'stop'],
    ['notify', 'run'],
  ] as const)
    expect(described.schemasOf(agent, action)).toBeUndefined();
  expect(described.digests()).toEqual(new AgentRegistry([scan]).digests());
});

test('the actions of an agent are those that it validates', () => {
  const validators = new Map([
    ['stop', () => {}],
    ['run', () => {}],
  ]);
  const registry = new AgentRegistry([{ ...anAgent('scan'), validators }, anAgent('notify')]);
  expect(registry.actionsOf('scan')).toEqual(['run', 'stop']);
  expect(registry.actionsOf('notify')).toBeUndefined();
});

test('a task goes to the agent that it names', async () => {
  verifies('V-12');
  const registry = new AgentRegistry([anAgent('scan'), anAgent('notify')]);
  expect(await registry.invoke(aTask('scan'), aContext())).toMatchObject({ type: 'AgentResult', agent: 'scan' });
  await expect(registry.invoke(aTask('mystery'), aContext())).rejects.toMatchObject({ reason: 'not_found/agent' });
});

test('a task that names no agent goes to the least busy one', async () => {
  verifies('V-12');
  const held = Promise.withResolvers<undefined>();
  const slow = anAgent('aardvark', async (task, { traceId }) => {
    await held.promise;
    return agentResult({ task, agent: 'aardvark', traceId, payload: { output: {}, artifacts: [] } });
  });
  const registry = new AgentRegistry([slow, anAgent('bee')]);
  const first = registry.invoke(aTask(), aContext());
  expect(await registry.invoke(aTask(), aContext())).toMatchObject({ agent: 'bee' });
  held.resolve(undefined);
  expect(await first).toMatchObject({ agent: 'aardvark' });
});

test('what an agent throws becomes an error envelope of the catalogue, redacted', async () => {
  verifies('SP-13');
  verifies('V-04');
  const token = `ghp_${'a1B2'.repeat(9)}`;
  const registry = new AgentRegistry([
    anAgent('known', () => Promise.reject(new VltairError('transient/agent', { detail: token }))),
    anAgent('unknown', () => Promise.reject(new TypeError('boom'))),
  ]);
  const known = await registry.invoke(aTask('known'), aContext());
  expect(known).toMatchObject({ type: 'AgentError', error: { reason: 'transient/agent', retryable: true } });
  expect(JSON.stringify(known)).not.toContain(token);
  expect(await registry.invoke(aTask('unknown'), aContext())).toMatchObject({
    error: { reason: 'internal/unexpected' },
  });
});

test('what an agent says in artifacts and errors has no secrets, and what it proposes is not altered', async () => {
  verifies('V-10');
  const token = `ghp_${'a1B2'.repeat(9)}`;
  const doc = { path: 'a.js', content: token };
  const says = anAgent('says', async (task, { traceId }) => {
    const artifacts = [{ kind: 'text' as const, title: 'plain', text: `${token} acme_1234` }];
    return agentResult({ task, agent: 'says', traceId, payload: { output: { token }, delta: { doc }, artifacts } });
  });
  const fails = anAgent('fails', async (task, { traceId }) => {
    const error = agentError({ task, agent: 'fails', traceId, failure: failure('fatal/agent') });
    const leak = { ...error.error, message: token, where: 'acme_1234' };
    return { ...error, error: leak, diagnostics: { log: token } };
  });
  const redaction = { prefixes: ['acme_'], fields: { text: ['title'] } };
  const registry = new AgentRegistry([says, fails], redaction);
  expect(await registry.invoke(aTask('says'), aContext())).toMatchObject({
    payload: {
      output: { token },
      delta: { doc },
      artifacts: [{ kind: 'text', title: '<<REDACTED>>', text: '<<REDACTED>> <<REDACTED>>' }],
    },
  });
  expect(await registry.invoke(aTask('fails'), aContext())).toMatchObject({
    error: { message: '<<REDACTED>>', where: '<<REDACTED>>' },
    diagnostics: { log: '<<REDACTED>>' },
  });
});

test('a payload is checked by the validator of its agent and action, before the agent runs', async () => {
  verifies('V-02');
  const checked: string[] = [];
  const strict = {
    ...anAgent('strict'),
    validators: new Map([
      ['run', () => void checked.push('run')],
      ['stop', () => void checked.push('stop')],
    ]),
  };
  const registry = new AgentRegistry([strict, anAgent('loose')]);
  const stop = { ...aTask('strict'), payload: { action: 'stop' } };
  const erase = { ...aTask('strict'), payload: { action: 'erase' } };
  registry.validate(stop);
  registry.validate({ ...erase, agent: 'loose' });
  expect(await registry.invoke(aTask('strict'), aContext())).toMatchObject({ type: 'AgentResult' });
  expect(checked).toEqual(['stop', 'run']);
  const refusal = {
    reason: 'invalid_argument/agent_input',
    where: 'action',
    message: expect.stringContaining('run, stop'),
  };
  expect(() => registry.validate(erase)).toThrow(expect.objectContaining(refusal));
  expect(await registry.invoke(erase, aContext())).toMatchObject({ type: 'AgentError', error: refusal });
});

test('a reply that does not fit its schema is an error, not a result', async () => {
  verifies('V-03');
  const broken = anAgent('broken', async (task, { traceId }) => {
    const reply = agentResult({ task, agent: 'broken', traceId, payload: { output: {}, artifacts: [] } });
    return {
      ...reply,
      payload: {
        ...reply.payload,
        artifacts: [{ kind: 'analysis', summary: '', details: '', findings: [{ severity: 'dire' }] }],
      },
    } as never;
  });
  const reply = await new AgentRegistry([broken]).invoke(aTask('broken'), aContext());
  expect(reply).toMatchObject({ type: 'AgentError', error: { code: 'invalid_argument' } });
});
