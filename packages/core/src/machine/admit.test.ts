import { describe, expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { aWorkflow, errorOutcome, RunStory, valueOutcome } from '../../test/builders.ts';
import { admitEffect } from './admit-effect.ts';
import { admit } from './admit.ts';

const KEY = 'a#1/call#1';
const aRun = (budget = {}) => new RunStory(aWorkflow([{ id: 'a' }, { id: 'b' }], { budget }));

describe('L1: a recorded effect never runs again', () => {
  test('a recorded success answers the next incarnation, and another attempt', () => {
    verifies('OC-15');
    verifies('OC-3');
    const story = aRun();
    story.effect('a');
    story.record('a');
    story.claim();
    expect(story.effect('a')).toMatchObject({ kind: 'answered', outcome: valueOutcome });
    story.fail('a', 'transient/agent');
    expect(story.effect('a')).toMatchObject({ kind: 'answered', fact: { type: 'effect.reused', attempt: 2 } });
  });

  test('a recorded failure answers its own attempt, and runs again in the next', () => {
    const story = aRun();
    story.effect('a');
    story.record('a', {}, errorOutcome);
    story.claim();
    expect(story.effect('a')).toMatchObject({ kind: 'answered', outcome: errorOutcome });
    story.fail('a', 'transient/agent');
    expect(story.effect('a')).toMatchObject({ kind: 'run', fact: { execution: 2, attempt: 2 } });
  });

  test('a failure that a person made final answers every attempt', () => {
    const story = aRun();
    story.effect('a');
    story.claim();
    story.effect('a');
    story.resolve(KEY, 'fail');
    story.fail('a', 'transient/agent');
    expect(story.effect('a')).toMatchObject({
      kind: 'answered',
      outcome: { kind: 'error', failure: { reason: 'fatal/parked' } },
    });
  });

  test('the next visit asks for effects of its own', () => {
    const workflow = aWorkflow([{ id: 'a', maxVisits: 2, routes: [{ on: 'again', to: 'a' }] }]);
    const story = new RunStory(workflow);
    story.effect('a');
    story.record('a');
    story.complete('a', 'again');
    expect(story.effect('a')).toMatchObject({ kind: 'run', fact: { key: 'a#2/call#1', execution: 1 } });
  });
});

describe('L2: an intent without a record', () => {
  test.each(['repeatable', 'keyed'] as const)('runs again when it is %s, as execution 2', (policy) => {
    verifies('OC-15');
    const story = aRun();
    story.effect('a', { policy });
    story.claim();
    expect(story.effect('a', { policy })).toMatchObject({ kind: 'run', fact: { key: KEY, execution: 2 } });
  });

  test('is parked for a person when it may happen once only', () => {
    verifies('OC-15');
    const story = aRun();
    story.effect('a', { policy: 'once' });
    story.claim();
    expect(story.effect('a')).toMatchObject({ kind: 'parked', fact: { key: KEY, summary: 'call' } });
    expect(story.node('a')).toMatchObject({ status: 'parked', parkedKey: KEY });
  });

  test('the policy that was intended counts, not the one that is claimed afterwards', () => {
    const story = aRun();
    story.effect('a', { policy: 'once' });
    story.claim();
    expect(story.effect('a', { policy: 'repeatable' }).kind).toBe('parked');
  });

  test('a call left open by an attempt is ambiguous for the next attempt too', () => {
    const story = aRun();
    story.effect('a', { policy: 'once' });
    story.fail('a', 'transient/agent');
    expect(story.effect('a').kind).toBe('parked');
  });
});

describe('L3: no call starts unless its reservation fits', () => {
  test('a call that does not fit is refused, with the dimension and the amounts', () => {
    verifies('V-17');
    const story = aRun({ calls: 3 });
    story.effect('b', { reserved: { calls: 2 } });
    expect(story.effect('a', { reserved: { calls: 2 } })).toEqual({
      kind: 'refused',
      fact: {
        type: 'effect.refused',
        key: KEY,
        ...story.ref('a'),
        reserved: { calls: 2 },
        dimension: 'calls',
        limit: 3,
        committed: 2,
        requested: 2,
      },
    });
    expect(story.effect('a', { reserved: { calls: 1 } }).kind).toBe('run');
  });
});

describe('L4: the same key with other arguments', () => {
  test('diverges whether the first call was recorded or not', () => {
    for (const recorded of [true, false]) {
      const story = aRun();
      story.effect('a', { digest: 'd1', policy: 'repeatable' });
      if (recorded) story.record('a');
      story.claim();
      expect(story.effect('a', { digest: 'd2', policy: 'repeatable' })).toMatchObject({
        kind: 'diverged',
        fact: { type: 'attempt.diverged', recordedDigest: 'd1', actualDigest: 'd2' },
      });
      expect(story.node('a')).toMatchObject({ status: 'parked', parkedKey: KEY });
    }
  });

  test('a person can let the other call run: the recorded answer does not serve it', () => {
    const story = aRun({ calls: 9 });
    story.effect('a', { digest: 'd1' });
    story.record('a', { calls: 1 });
    story.claim();
    story.effect('a', { digest: 'd2' });
    expect(admit(story.state, { type: 'resolve', key: KEY, resolution: 'retry', by: 'ann' }).kind).toBe('admitted');
    story.resolve(KEY, 'retry');
    expect(story.effect('a', { digest: 'd2' })).toMatchObject({ kind: 'run', fact: { execution: 2 } });
  });

  test('a person can let the other call fail; a third kind of arguments diverges again', () => {
    const story = aRun();
    story.effect('a', { digest: 'd1' });
    story.record('a');
    story.claim();
    story.effect('a', { digest: 'd2' });
    story.resolve(KEY, 'fail');
    expect(story.effect('a', { digest: 'd3' }).kind).toBe('diverged');
    story.resolve(KEY, 'fail');
    expect(story.effect('a', { digest: 'd3' })).toMatchObject({ kind: 'answered', outcome: { kind: 'error' } });
  });

  test('what was reserved for a call that diverged is charged once', () => {
    const story = aRun();
    story.effect('a', { digest: 'd1', policy: 'repeatable', reserved: { calls: 2 } });
    story.claim();
    story.effect('a', { digest: 'd2', policy: 'repeatable' });
    story.resolve(KEY, 'retry');
    story.complete('a');
    expect(story.state.budget).toMatchObject({ reserved: { calls: 0 }, spent: { calls: 2 } });
  });
});

describe('an attempt that is not the current one is stale', () => {
  test.each([
    ['visit', { visit: 2 }],
    ['attempt', { attempt: 2 }],
    ['incarnation', { incarnation: 2 }],
  ])('another %s', (_, change) => {
    const story = aRun();
    expect(admitEffect(story.state, { ...story.request('a'), ...change })).toEqual({ kind: 'stale' });
  });

  test('one that was told to stop', () => {
    const story = aRun();
    story.cancel();
    expect(story.effect('a')).toEqual({ kind: 'stale' });
  });

  test('one that is parked', () => {
    const story = aRun();
    story.effect('a');
    story.claim();
    story.effect('a');
    expect(story.effect('a', { name: 'other' })).toEqual({ kind: 'stale' });
  });
});

describe('commands', () => {
  test('a cancel is admitted while the run lives, with the id of the command', () => {
    verifies('V-18');
    expect(admit(aRun().state, { type: 'cancel', by: 'ann', reason: 'enough' }, 'c1')).toEqual({
      kind: 'admitted',
      fact: { type: 'cancel.requested', by: 'ann', reason: 'enough', commandId: 'c1' },
    });
  });

  test('an answer is admitted only for an effect that is parked', () => {
    const story = aRun();
    const resolve = { type: 'resolve', key: KEY, resolution: 'retry', by: 'ann' } as const;
    const refused = { kind: 'refused', reason: 'not_found/parked_effect', detail: KEY };
    expect(admit(story.state, resolve)).toEqual(refused);
    story.effect('a');
    expect(admit(story.state, resolve)).toEqual(refused);
    story.claim();
    story.effect('a');
    expect(admit(story.state, resolve)).toEqual({
      kind: 'admitted',
      fact: { type: 'effect.resolved', key: KEY, resolution: 'retry', by: 'ann' },
    });
    story.resolve(KEY, 'retry');
    expect(admit(story.state, resolve)).toEqual(refused);
  });

  test('nothing is admitted after the end', () => {
    const story = new RunStory(aWorkflow([{ id: 'a' }]));
    story.complete('a');
    expect(admit(story.state, { type: 'cancel', by: 'ann', reason: 'late' })).toMatchObject({
      kind: 'refused',
      reason: 'invalid_argument/run_ended',
    });
  });

  test('an answer for a key that is not parked changes nothing', () => {
    const story = aRun();
    story.effect('a');
    const before = story.state;
    story.resolve(KEY, 'fail');
    expect(story.state).toEqual({ ...before, seq: before.seq + 1 });
  });
});
