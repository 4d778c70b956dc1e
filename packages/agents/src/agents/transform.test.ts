import type { AgentTask, JsonObject } from '@vltair/protocol';
import { expect, test } from 'vitest';
import { aContext } from '../../test/agent-context.ts';
import { expectFitting } from '../../test/fitting-output.ts';
import { AgentRegistry } from '../registry.ts';
import { createTransform } from './transform.ts';

const agent = createTransform();
const registry = new AgentRegistry([agent]);

async function transform(input: JsonObject) {
  const payload = { action: 'evaluate', ...input };
  const task: AgentTask = { type: 'AgentTask', id: 'task-1', protocolVersion: 1, agent: 'transform', payload };
  const reply = await registry.invoke(task, aContext());
  expectFitting(agent, 'evaluate', reply);
  return reply;
}

/** It has no effect: a context in which any would fail. */
const withoutWorld = { ...aContext(), effect: () => Promise.reject(new Error('an effect')) };

test('one expression gives a value', async () => {
  const input = { expression: 'items.filter(item, item.size > limit).map(item, item.name)' };
  const values = {
    items: [
      { name: 'a', size: 1 },
      { name: 'b', size: 3 },
    ],
    limit: 2,
  };
  expect(await transform({ ...input, values })).toMatchObject({
    payload: { signal: 'success', output: { value: ['b'] } },
  });
});

test('several expressions give their results by name, with names of any kind', async () => {
  const expressions = { sum: 'a + b', 'is large': 'a > b', constructor: 'a' };
  const reply = await transform({ expressions, values: { a: 1, b: 2.5 } });
  expect(reply).toMatchObject({ payload: { output: { sum: 3.5, 'is large': false, constructor: 1 } } });
});

test('it acts on nothing', async () => {
  const payload = { action: 'evaluate', expression: '1 + 1' };
  const task: AgentTask = { type: 'AgentTask', id: 'task-1', protocolVersion: 1, agent: 'transform', payload };
  expect(await registry.invoke(task, withoutWorld)).toMatchObject({ payload: { output: { value: 2 } } });
});

test('many long evaluations leave the process to others in between, and end when they are cancelled', async () => {
  const items = Array.from({ length: 10_000 }, (_, index) => index);
  const long = (n: number): string => `items.filter(x, x${' + 1'.repeat(20)} < -${n}).size()`;
  const expressions = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`e${n}`, long(n)]));
  const payload = { action: 'evaluate', expressions, values: { items } };
  const task: AgentTask = { type: 'AgentTask', id: 'task-1', protocolVersion: 1, agent: 'transform', payload };
  const controller = new AbortController();
  const begin = performance.now();
  setTimeout(() => controller.abort(new Error('enough')), 50);
  const run = createTransform().run(task, aContext({ signal: controller.signal }));
  await expect(run).rejects.toThrow('enough');
  expect(performance.now() - begin).toBeLessThan(1_500);
});

test.each<[string, JsonObject, string]>([
  ['neither', {}, 'invalid_argument/agent_input'],
  ['both', { expression: '1', expressions: { a: '1' } }, 'invalid_argument/agent_input'],
  ['an unknown field', { expression: '1', value: {} }, 'invalid_argument/agent_input'],
  [
    'too many',
    { expressions: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`e${n}`, '1'])) },
    'invalid_argument/agent_input',
  ],
  ['what is no expression', { expressions: { a: '1', b: '1 +' } }, 'invalid_argument/expression'],
  ['a value that is not there', { expression: 'missing' }, 'invalid_argument/expression'],
  ['no JSON', { expression: '1.0 / 0.0' }, 'invalid_argument/expression'],
])('%s is refused', async (_, input, reason) => {
  const reply = await transform(input);
  expect(reply).toMatchObject({ type: 'AgentError', error: { reason, retryable: false } });
});

test('an expression that is wrong is refused before anything of the task is recorded', () => {
  const payload = { action: 'evaluate', expression: 'a.matches("x")' };
  const task: AgentTask = { type: 'AgentTask', id: 'task-1', protocolVersion: 1, agent: 'transform', payload };
  expect(() => registry.validate(task)).toThrow('matches() is not allowed');
});
