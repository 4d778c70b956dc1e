import { canonicalJson, type Fact, type FactOf, type RunEvent } from '@vltair/protocol';
import { describe, expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { aWorkflow, errorOutcome, RunStory, valueOutcome, type EffectWish } from '../../test/builders.ts';
import type { EffectRequest } from './admit-effect.ts';
import { verifyReplay } from './verify-replay.ts';

const KEY = 'a#1/call#1';

function aStory(calls = 5): RunStory {
  return new RunStory(aWorkflow([{ id: 'a' }], { budget: { calls } }));
}

/** The intent of that call, whether the rules would let it through or not. */
function intentOf(story: RunStory, wish: EffectWish = {}, execution = 1): FactOf<'effect.intended'> {
  const { incarnation: _, ...request }: EffectRequest = story.request('a', wish);
  return { type: 'effect.intended', ...request, execution };
}

function recordOf(execution = 1): FactOf<'effect.recorded'> {
  const call = { key: KEY, node: 'a', visit: 1, execution };
  return { type: 'effect.recorded', ...call, outcome: valueOutcome, spent: { calls: 1 } };
}

/** The log as it is stored. */
const stored = ({ events }: RunStory) => JSON.parse(canonicalJson(events)) as RunEvent[];
const place = { key: KEY, node: 'a', visit: 1, attempt: 1 };

describe('what the rules of the ledger give replays without a difference', () => {
  const genuine: Readonly<Record<string, (story: RunStory) => void>> = {
    'a call that is recorded, and answered from its record': (story) => {
      story.effect('a');
      story.record('a');
      story.claim();
      story.effect('a');
    },
    'a call that is cut and runs again, whose first execution is recorded late': (story) => {
      story.effect('a', { policy: 'repeatable' });
      story.claim();
      story.effect('a', { policy: 'repeatable' });
      story.tell(recordOf(1));
      story.tell(recordOf(2));
    },
    'a call that is recorded after the end of its visit': (story) => {
      story.effect('a');
      story.complete('a');
      story.tell(recordOf());
    },
    'a call that is parked, allowed by a person, and runs again': (story) => {
      story.effect('a');
      story.claim();
      story.effect('a');
      story.resolve(KEY, 'retry');
      story.effect('a');
      story.record('a');
    },
    'a parked call that a person counts as failed': (story) => {
      story.effect('a');
      story.claim();
      story.effect('a');
      story.resolve(KEY, 'fail');
      story.effect('a');
    },
    'a failed call that the next attempt makes again': (story) => {
      story.effect('a');
      story.record('a', {}, errorOutcome);
      story.fail('a', 'transient/agent');
      story.effect('a');
      story.record('a');
    },
    'a call with other arguments, and one that does not fit': (story) => {
      story.effect('a', { digest: 'd1', policy: 'repeatable' });
      story.claim();
      story.effect('a', { digest: 'd2', policy: 'repeatable' });
      story.resolve(KEY, 'retry');
      story.effect('a', { digest: 'd2', policy: 'repeatable', reserved: { calls: 6 } });
    },
    'a read': (story) => void story.tell({ ...recordOf(), argumentsDigest: 'd1', spent: {} }),
  };

  test.each(Object.entries(genuine))('%s', (_, tell) => {
    verifies('OC-14');
    const story = aStory();
    tell(story);
    expect(verifyReplay(stored(story))).toEqual([]);
  });
});

describe('what the rules cannot have given is a difference, with what they give', () => {
  interface Forgery {
    readonly before: (story: RunStory) => void;
    readonly forged: (story: RunStory) => Fact;
    readonly expected: Partial<Fact> | undefined;
  }
  const recorded = (story: RunStory): void => {
    story.effect('a');
    story.record('a');
  };
  const cut = (story: RunStory): void => {
    story.effect('a');
    story.claim();
  };
  const parked = (story: RunStory): void => {
    cut(story);
    story.effect('a');
  };
  const forgeries: Readonly<Record<string, Forgery>> = {
    'a second intent for a recorded key': {
      before: recorded,
      forged: (story) => intentOf(story, {}, 2),
      expected: { type: 'effect.reused' },
    },
    'an intent with a number that is not the next': {
      before: () => {},
      forged: (story) => intentOf(story, {}, 2),
      expected: { type: 'effect.intended', execution: 1 },
    },
    'an intent under another key than that of its name': {
      before: () => {},
      forged: (story) => ({ ...intentOf(story), name: 'other' }),
      expected: { type: 'effect.intended', key: 'a#1/other#1' },
    },
    'an intent of an attempt that is not the current one': {
      before: () => {},
      forged: (story) => ({ ...intentOf(story), attempt: 2 }),
      expected: undefined,
    },
    'a second call of a cut one that may happen once': {
      before: cut,
      forged: (story) => intentOf(story, {}, 2),
      expected: { type: 'effect.parked' },
    },
    'a call of a parked effect that nobody allowed': {
      before: parked,
      forged: (story) => intentOf(story, {}, 2),
      expected: undefined,
    },
    'a call with other arguments under a recorded key': {
      before: recorded,
      forged: (story) => intentOf(story, { digest: 'd2' }, 2),
      expected: { type: 'attempt.diverged', recordedDigest: 'd1', actualDigest: 'd2' },
    },
    'a call whose reservation does not fit': {
      before: () => {},
      forged: (story) => intentOf(story, { reserved: { calls: 6 } }),
      expected: { type: 'effect.refused', requested: 6 },
    },
    'a refusal of a call that fits': {
      before: () => {},
      forged: () => ({
        type: 'effect.refused',
        ...place,
        reserved: { calls: 1 },
        dimension: 'calls',
        limit: 5,
        committed: 5,
        requested: 1,
      }),
      expected: { type: 'effect.intended' },
    },
    'a refusal with other numbers than those of the budget': {
      before: () => {},
      forged: () => ({
        type: 'effect.refused',
        ...place,
        reserved: { calls: 6 },
        dimension: 'calls',
        limit: 5,
        committed: 4,
        requested: 6,
      }),
      expected: { type: 'effect.refused', committed: 0 },
    },
    'a record without an intent': { before: () => {}, forged: () => recordOf(), expected: undefined },
    'a record of an execution that was not intended': {
      before: (story) => void story.effect('a'),
      forged: () => recordOf(2),
      expected: undefined,
    },
    'a second record of one execution': { before: recorded, forged: () => recordOf(), expected: undefined },
    'a read of what is recorded': {
      before: recorded,
      forged: () => ({ ...recordOf(), argumentsDigest: 'd1' }),
      expected: undefined,
    },
    'an answer from a record that is not there': {
      before: (story) => void story.effect('a', { policy: 'repeatable' }),
      forged: () => ({ type: 'effect.reused', ...place }),
      expected: { type: 'effect.intended', execution: 2 },
    },
    'a parked call that was never cut': {
      before: () => {},
      forged: () => ({ type: 'effect.parked', ...place, summary: 'call' }),
      expected: { type: 'effect.intended' },
    },
    'a divergence of equal arguments': {
      before: recorded,
      forged: () => ({ type: 'attempt.diverged', ...place, recordedDigest: 'd0', actualDigest: 'd1' }),
      expected: { type: 'effect.reused' },
    },
    'a person who allows what is not parked': {
      before: cut,
      forged: () => ({ type: 'effect.resolved', key: KEY, resolution: 'retry', by: 'ann' }),
      expected: undefined,
    },
  };

  test.each(Object.entries(forgeries))('%s', (_, { before, forged, expected }) => {
    verifies('OC-14');
    const story = aStory();
    before(story);
    const fact = forged(story);
    const seq = story.state.seq + 1;
    story.tell(fact);
    const [difference, ...others] = verifyReplay(stored(story)).filter(
      ({ recorded: fake }) => fake?.type === fact.type,
    );
    expect(others).toEqual([]);
    expect(difference).toMatchObject({ seq, afterFact: fact.type, recorded: fact });
    if (expected === undefined) expect(difference?.decided).toBeUndefined();
    else expect(difference?.decided).toMatchObject(expected);
  });
});
