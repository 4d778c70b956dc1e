import { workflowSchema, type Fact, type RunEvent } from '@vltair/protocol';
import { expect, test } from 'vitest';
import { admit, evolve, step, type RunState } from '../src/index.ts';

/** Rules that the machine does not keep yet: each test fails for now, and says so when it no longer does. */

function factAfter(state: RunState | undefined, payload: Fact): RunEvent<Fact> {
  return { run: 'r', seq: (state?.seq ?? 0) + 1, ts: 1_000, epoch: 1, kind: 'fact', payload };
}

const creation: Fact = {
  type: 'run.created',
  workflow: workflowSchema.parse({ name: 'one', nodes: [{ id: 'a', agent: 'none' }] }),
  manifest: { workflow: 'w', agents: {}, flags: [] },
  input: {},
  traceId: '0af7651916cd43dd8448eb211c80319c',
  title: 'a run',
};

test.fails('a run that is created twice is a corrupted log', () => {
  const { state } = step(undefined, factAfter(undefined, creation));
  expect(() => evolve(state, factAfter(state, creation))).toThrow(RangeError);
});

test.fails('a person can resolve an attempt that was parked because it diverged', () => {
  const facts: readonly Fact[] = [
    creation,
    {
      type: 'effect.recorded',
      key: 'a#1/call#1',
      node: 'a',
      visit: 1,
      argumentsDigest: 'one',
      outcome: { kind: 'value', value: 1 },
      spent: {},
    },
    {
      type: 'attempt.diverged',
      node: 'a',
      visit: 1,
      attempt: 1,
      key: 'a#1/call#1',
      recordedDigest: 'one',
      actualDigest: 'two',
    },
  ];
  let state: RunState | undefined;
  for (const fact of facts) ({ state } = step(state, factAfter(state, fact)));
  if (state === undefined) throw new TypeError('the run was not created');
  expect(state.status).toBe('paused');
  const answer = admit(state, { type: 'resolve', key: 'a#1/call#1', resolution: 'fail', by: 'ada' });
  expect(answer.kind).toBe('admitted');
});
