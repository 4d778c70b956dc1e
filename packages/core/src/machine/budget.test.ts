import { describe, expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { aWorkflow, RunStory } from '../../test/builders.ts';
import { nothing, openBudget, reserve, settle, shortageOf } from './budget.ts';

describe('B1: what does not fit does not start', () => {
  test.each(['timeMs', 'calls', 'candidates'] as const)('%s may be spent to the last, and no further', (dimension) => {
    verifies('V-17');
    const budget = settle(reserve(openBudget({ [dimension]: 10 }), { [dimension]: 4 }), {}, { [dimension]: 3 });
    expect(shortageOf(budget, { [dimension]: 3 })).toBeUndefined();
    expect(shortageOf(budget, { [dimension]: 4 })).toEqual({ dimension, limit: 10, committed: 7, requested: 4 });
  });

  test('a dimension without a limit is never short', () => {
    expect(shortageOf(openBudget({ calls: 1 }), { timeMs: 1e12, candidates: 1e12 })).toBeUndefined();
  });

  test('a limit of nothing refuses the first call, but not one that takes nothing', () => {
    expect(shortageOf(openBudget({ calls: 0 }), { calls: 1 })).toMatchObject({ dimension: 'calls', limit: 0 });
    expect(shortageOf(openBudget({ calls: 0 }), {})).toBeUndefined();
  });

  test('an overrun is recorded, and blocks the next call', () => {
    verifies('V-17');
    const story = new RunStory(aWorkflow([{ id: 'a' }], { budget: { timeMs: 100 } }));
    story.effect('a', { reserved: { timeMs: 50 } });
    story.record('a', { timeMs: 130 });
    expect(story.state.budget.spent.timeMs).toBe(130);
    expect(story.effect('a', { name: 'next', reserved: { timeMs: 1 } }).kind).toBe('refused');
  });
});

describe('B2: every reservation is settled once', () => {
  const aStory = (candidates = 32) => {
    const story = new RunStory(aWorkflow([{ id: 'a' }], { budget: { candidates, calls: 9 } }));
    story.effect('a', { policy: 'repeatable', reserved: { candidates: 20, calls: 1, timeMs: 5 } });
    return story;
  };

  test('by its record, with what the call really took', () => {
    verifies('V-17');
    const story = aStory();
    story.record('a', { candidates: 7, calls: 1, timeMs: 3 });
    expect(story.state.budget).toMatchObject({ reserved: nothing, spent: { candidates: 7, calls: 1, timeMs: 3 } });
    story.record('a', { candidates: 7, calls: 1, timeMs: 3 });
    expect(story.state.budget.spent.candidates).toBe(7);
  });

  test('by its next execution: time and calls are charged twice, candidates are not', () => {
    const story = aStory();
    story.claim();
    const again = { policy: 'repeatable', reserved: { candidates: 20, calls: 1, timeMs: 5 } } as const;
    expect(story.effect('a', again).kind).toBe('run');
    expect(story.state.budget).toMatchObject({
      reserved: { candidates: 20, calls: 1, timeMs: 5 },
      spent: { candidates: 0, calls: 1, timeMs: 5 },
    });
    story.record('a', { candidates: 20, calls: 1, timeMs: 5 });
    expect(story.state.budget).toMatchObject({ reserved: nothing, spent: { candidates: 20, calls: 2, timeMs: 10 } });
  });

  test('by the end of its visit, in full', () => {
    const story = aStory();
    story.complete('a');
    expect(story.state.budget).toMatchObject({ reserved: nothing, spent: { candidates: 20, calls: 1, timeMs: 5 } });
  });

  test('by being parked, in full; the call that a person lets run is charged again', () => {
    const story = new RunStory(aWorkflow([{ id: 'a' }], { budget: { calls: 2 } }));
    story.effect('a', { reserved: { calls: 1, candidates: 3 } });
    story.claim();
    story.effect('a');
    expect(story.state.budget).toMatchObject({ reserved: nothing, spent: { calls: 1, candidates: 3 } });
    story.resolve('a#1/call#1', 'retry');
    expect(story.effect('a', { reserved: { calls: 1 } }).kind).toBe('run');
    story.record('a', { calls: 1 });
    expect(story.state.budget).toMatchObject({ reserved: nothing, spent: { calls: 2 } });
  });
});
