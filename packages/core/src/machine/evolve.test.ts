import type { RunEvent } from '@vltair/protocol';
import { describe, expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { aWorkflow, inShort, resultOf, RunStory, throughSnapshot, valueOutcome } from '../../test/builders.ts';
import { decide, type FactEvent } from './decide.ts';
import { evolve, fold } from './evolve.ts';
import { activityKey, pending } from './pending.ts';
import { definitionOf } from './definition.ts';
import { nodeOf } from './run-state.ts';

const twoNodes = aWorkflow([{ id: 'a' }, { id: 'b', needs: ['a'] }]);

function withEvent(story: RunStory, change: Partial<RunEvent>): RunEvent {
  const last = story.events.at(-1);
  if (last === undefined) throw new Error('no events');
  return { ...last, seq: story.state.seq + 1, kind: 'fact', payload: { type: 'run.claimed', worker: 'w' }, ...change };
}

describe('the order of a log', () => {
  test('a gap and a repetition are refused', () => {
    verifies('V-19');
    const story = new RunStory(twoNodes);
    expect(() => evolve(story.state, withEvent(story, { seq: 4 }))).toThrow(/seq 4 after 2/);
    expect(() => evolve(story.state, withEvent(story, { seq: 2 }))).toThrow(RangeError);
  });

  test('a log begins with run.created at seq 1, once', () => {
    const story = new RunStory(twoNodes);
    expect(() => evolve(undefined, withEvent(story, { seq: 1 }))).toThrow(/does not begin with run.created/);
    const created = story.events[0];
    if (created === undefined) throw new Error('no events');
    expect(() => evolve(undefined, { ...created, seq: 2 })).toThrow(RangeError);
    expect(() => evolve(story.state, { ...created, seq: 3 })).toThrow(/created twice/);
  });

  test('an event of another run is refused', () => {
    const story = new RunStory(twoNodes);
    expect(() => evolve(story.state, withEvent(story, { run: 'other' }))).toThrow(RangeError);
  });

  test('an event about a node that the workflow does not have is refused', () => {
    const story = new RunStory(twoNodes);
    const payload = { type: 'attempt.stopped' as const, node: 'ghost', visit: 1, attempt: 1 };
    expect(() => evolve(story.state, withEvent(story, { payload }))).toThrow(/no node ghost/);
    expect(() => definitionOf(story.state, 'ghost')).toThrow(/no node ghost/);
    expect(() => nodeOf(story.state, 'ghost')).toThrow(RangeError);
  });

  test('an empty log has no state', () => {
    expect(fold([])).toBeUndefined();
  });
});

describe('facts that come too late', () => {
  test('a completion of an earlier attempt, visit or incarnation changes nothing', () => {
    const story = new RunStory(twoNodes);
    story.fail('a', 'transient/agent');
    story.claim();
    const before = story.state;
    const late = { type: 'attempt.completed' as const, node: 'a', outcome: resultOf('a') };
    expect(story.tell({ ...late, visit: 1, attempt: 1, incarnation: 1 })).toEqual([]);
    expect(story.tell({ ...late, visit: 2, attempt: 2, incarnation: 1 })).toEqual([]);
    expect(story.tell({ ...late, visit: 1, attempt: 2, incarnation: 1 })).toEqual([]);
    expect(story.state).toEqual({ ...before, seq: before.seq + 3 });
  });

  test('a stop that nobody asked for changes nothing', () => {
    const story = new RunStory(twoNodes);
    expect(story.stopped('a')).toEqual([]);
    expect(story.node('a').status).toBe('scheduled');
  });

  test('after the end every fact leaves the state as it is', () => {
    const story = new RunStory(aWorkflow([{ id: 'a' }]));
    story.effect('a', { reserved: { calls: 1 } });
    story.complete('a');
    const before = story.state;
    story.claim();
    story.record('a', { calls: 1 });
    story.complete('a');
    story.stopped('a');
    story.runDeadline();
    story.resolve('a#1/call#1', 'retry');
    story.tell({ type: 'tree.applied', by: 'ann', directory: '/d', treeBefore: 't', treeAfter: 'u', files: [] });
    story.tell({ type: 'effect.parked', ...story.ref('a'), key: 'a#1/call#1', summary: 's' });
    expect(story.state).toEqual({ ...before, seq: before.seq + 8 });
    expect(pending(story.state)).toEqual([]);
  });

  test('a record that comes when its attempt is being stopped still settles the books', () => {
    const story = new RunStory(aWorkflow([{ id: 'a' }]));
    story.effect('a', { reserved: { calls: 1, timeMs: 100 } });
    story.cancel();
    story.record('a', { calls: 1, timeMs: 7 });
    story.stopped('a');
    expect(story.state.budget).toMatchObject({
      reserved: { calls: 0, timeMs: 0 },
      spent: { calls: 1, timeMs: 7 },
    });
  });
});

describe('the workspace tree', () => {
  test('a result moves the tree of the run on, and the next attempt starts from it', () => {
    const story = new RunStory(twoNodes);
    const changed = { ...resultOf('a'), treeBefore: 'tree0', treeAfter: 'tree1' };
    story.tell({ type: 'attempt.completed', ...story.ref('a'), incarnation: 1, outcome: changed });
    expect(story.state.tree).toBe('tree1');
    expect(story.node('b').tree).toBe('tree1');
  });

  test('a result of an attempt that was told to stop does not move the tree', () => {
    const story = new RunStory(twoNodes);
    story.cancel();
    const changed = { ...resultOf('a'), treeBefore: 'tree0', treeAfter: 'tree1' };
    story.tell({ type: 'attempt.completed', ...story.ref('a'), incarnation: 1, outcome: changed });
    expect(story.state).toMatchObject({ tree: 'tree0', status: 'cancelled' });
  });
});

describe('what is pending', () => {
  test('a state from a snapshot waits for the same things in the same order', () => {
    const story = new RunStory(aWorkflow([{ id: 'b' }, { id: 'a' }]));
    for (const id of ['a', 'b']) story.effect(id);
    story.claim();
    story.effect('a');
    const kept = throughSnapshot(story.state);
    const parking = story.request('b');
    const fact: FactEvent = {
      ...withEvent(story, {}),
      payload: { type: 'effect.parked', ...story.ref('b'), key: parking.key, summary: parking.summary },
    };
    expect(decide(kept, fact)).toEqual(decide(story.state, fact));
    expect(decide(kept, fact)).toMatchObject([{ type: 'run.paused', waitingFor: [{ node: 'b' }, { node: 'a' }] }]);
  });

  test('a fresh fold of the log, and a snapshot of the state, have the same things pending', () => {
    verifies('OC-1');
    const story = new RunStory(aWorkflow([{ id: 'a', timeout: '1m' }, { id: 'b' }], { timeout: '1h' }));
    story.fail('a', 'transient/agent');
    story.claim();
    const live = pending(story.state);
    expect(live.map(activityKey)).toEqual([
      'attempt a#1 a2 i2',
      'node_deadline a#1 1060000',
      'attempt b#1 a1 i2',
      'deadline 4600000',
    ]);
    expect(pending(fold(story.events) ?? story.state)).toEqual(live);
    expect(pending(throughSnapshot(story.state))).toEqual(live);
  });

  test('an attempt carries its task, with the templates filled in', () => {
    const story = new RunStory(
      aWorkflow([{ id: 'a', action: 'look', input: { text: 'see {{input.what}}' }, timeout: '5s' }]),
      { what: 'this' },
    );
    expect(pending(story.state)[0]).toMatchObject({
      kind: 'attempt',
      tree: 'tree0',
      task: {
        type: 'AgentTask',
        agent: 'worker',
        payload: { action: 'look', text: 'see this' },
        constraints: { timeoutMs: 5_000 },
      },
    });
  });

  test('an attempt that has to stop is pending until it is known to have stopped', () => {
    const story = new RunStory(twoNodes);
    story.cancel();
    expect(pending(story.state).map(activityKey)).toEqual(['stop a#1 a1']);
    story.stopped('a');
    expect(pending(story.state)).toEqual([]);
  });
});

test('decide gives what follows from a fact and leaves the state alone', () => {
  const story = new RunStory(twoNodes);
  const fact: FactEvent = {
    ...withEvent(story, {}),
    payload: { type: 'attempt.completed', ...story.ref('a'), incarnation: 1, outcome: resultOf('a') },
  };
  const before = structuredClone(story.state);
  expect(inShort(decide(story.state, fact))).toEqual(['node.succeeded a', 'attempt.scheduled b']);
  expect(story.state).toEqual(before);
});

test('a read that has no intent of its own is recorded once, for free', () => {
  const story = new RunStory(twoNodes);
  const read = {
    type: 'effect.recorded' as const,
    node: 'a',
    visit: 1,
    execution: 1,
    spent: {},
    argumentsDigest: 'd1',
  };
  story.tell({ ...read, key: 'a#1/now#1', outcome: { kind: 'value', value: 1 } });
  story.tell({ ...read, key: 'a#1/now#1', outcome: { kind: 'value', value: 2 } });
  expect(story.effect('a', { name: 'now', policy: 'repeatable' })).toMatchObject({
    kind: 'answered',
    outcome: { value: 1 },
  });
  expect(story.state.budget.spent).toEqual({ timeMs: 0, calls: 0, candidates: 0, tokens: 0, microUsd: 0 });
  story.record('a', {}, valueOutcome, 'unknown');
  expect(Object.keys(story.node('a').effects)).toEqual(['a#1/now#1']);
});

test('a late record of an earlier execution answers nothing and settles nothing', () => {
  const story = new RunStory(aWorkflow([{ id: 'a' }]));
  const wish = { policy: 'repeatable' as const, reserved: { calls: 1 } };
  story.effect('a', wish);
  story.tell({ type: 'run.claimed', worker: 'next' });
  story.effect('a', wish);
  const late = { type: 'effect.recorded' as const, key: 'a#1/call#1', node: 'a', visit: 1, spent: { calls: 1 } };
  story.tell({ ...late, execution: 1, outcome: { kind: 'value', value: 'late' } });
  expect(story.node('a').effects['a#1/call#1']).toMatchObject({ status: 'intended', execution: 2, outcome: undefined });
  story.tell({ ...late, execution: 2, outcome: { kind: 'value', value: 'true' } });
  expect(story.node('a').effects['a#1/call#1']).toMatchObject({ status: 'recorded', outcome: { value: 'true' } });
  expect(story.state.budget).toMatchObject({ spent: { calls: 2 }, reserved: { calls: 0 } });
});
