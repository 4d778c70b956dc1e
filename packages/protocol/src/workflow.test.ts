import { describe, expect, test } from 'vitest';
import { workflowSchema } from './workflow.ts';

const parse = (node: object, rest: object = {}) =>
  workflowSchema.safeParse({ name: 'flow', nodes: [{ id: 'a', agent: 'worker', ...node }], ...rest });
const nodeOf = (node: object) => parse(node).data?.nodes[0];

test('what is left out gets its default', () => {
  expect(parse({}).data).toEqual({
    name: 'flow',
    description: '',
    nodes: [
      { id: 'a', agent: 'worker', action: 'run', input: {}, routes: [], maxAttempts: 3, maxVisits: 1, needs: [] },
    ],
    budget: {},
  });
});

describe('times', () => {
  test('are written as durations or as milliseconds', () => {
    expect(nodeOf({ timeout: '1m30s' })).toMatchObject({ timeoutMs: 90_000 });
    expect(nodeOf({ timeout: 5 })).toMatchObject({ timeoutMs: 5 });
    expect(parse({}, { timeout: '2h' }).data?.timeout).toBe(7_200_000);
  });

  test.each(['0s', 'soon', '', 0, -1, 1.5])('%j is none', (timeout) => {
    expect(parse({ timeout }).success).toBe(false);
    expect(parse({}, { timeout }).success).toBe(false);
  });
});

describe('needs', () => {
  test('the agent human is a signal, and its input says what the person is asked', () => {
    const ask = { message: 'How many?', form: { type: 'integer' }, expires: '1h' };
    const signal = workflowSchema.parse({ name: 'flow', nodes: [{ id: 'a', signal: ask }] });
    expect(nodeOf({ agent: 'human', input: ask })).toEqual(signal.nodes[0]);
    expect(parse({ agent: 'human', input: { question: 'How many?' } }).error?.issues[0]?.path).toContain('input');
    const timed = parse({ agent: 'human', timeout: '1h' });
    expect(timed.error?.issues[0]?.message).toBe('a signal has no timeout; say expires');
  });

  test('dependsOn is another word for needs', () => {
    expect(nodeOf({ dependsOn: ['b'] })).toEqual(nodeOf({ needs: ['b'] }));
  });

  test('both at once are refused', () => {
    const both = parse({ needs: [], dependsOn: ['b'] });
    expect(both.error?.issues[0]?.message).toMatch(/both needs and dependsOn/);
  });
});

test.each([
  ['an id in capitals', { id: 'A' }],
  ['an id with a dot', { id: 'a.b' }],
  ['an id of 65 characters', { id: 'a'.repeat(65) }],
  ['an unknown member', { retries: 1 }],
  ['no attempt', { maxAttempts: 0 }],
  ['too many attempts', { maxAttempts: 101 }],
  ['half a visit', { maxVisits: 0.5 }],
  ['a route to nowhere', { routes: [{ on: 'x' }] }],
  ['a route to a node and an end', { routes: [{ on: 'x', to: 'a', end: 'failed' }] }],
  ['an end that is none', { routes: [{ on: 'x', end: 'paused' }] }],
  ['a reason outside of the catalogue', { routes: [{ on: 'x', end: 'failed', reason: 'odd/odd' }] }],
])('%s is refused', (_, node) => {
  expect(parse(node).success).toBe(false);
});

test.each([
  ['a name with spaces', { name: 'my flow' }],
  ['no nodes', { nodes: [] }],
  ['a budget of less than nothing', { budget: { calls: -1 } }],
  ['a budget in a unit that is unknown', { budget: { money: 1 } }],
  ['half a call', { budget: { calls: 0.5 } }],
])('a workflow with %s is refused', (_, rest) => {
  expect(parse({}, rest).success).toBe(false);
});
