import fc from 'fast-check';
import { expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { aWorkflow, RunStory } from '../../test/builders.ts';
import { budgetHistory } from './budget-history.ts';

function spendingStory(calls: number): RunStory {
  const story = new RunStory(aWorkflow([{ id: 'a' }], { budget: { calls: 3 } }));
  for (let call = 0; call < calls; call += 1) {
    const name = `call${call}`;
    if (story.effect('a', { name, reserved: { calls: 1, tokens: 5 } }).kind === 'run')
      story.record('a', { calls: 1, tokens: 2 }, undefined, name);
  }
  return story;
}

test('every change of the budget is told in order, with what it was about', () => {
  verifies('BM-1');
  verifies('OC-5');
  const history = budgetHistory(spendingStory(4).events, 50);
  expect(history.map(({ what, of, lacked }) => [what, of, lacked])).toEqual([
    ['opened', undefined, undefined],
    ...[0, 1, 2].flatMap((call) => [
      ['reserved', `a#1/call${call}#1`, undefined],
      ['settled', `a#1/call${call}#1`, undefined],
    ]),
    ['exceeded', 'a#1/call3#1', 'calls'],
  ]);
  expect(history.at(-1)).toMatchObject({ spent: { calls: 3, tokens: 6 }, reserved: { calls: 0 }, limit: { calls: 3 } });
});

test('a history is bounded, ordered and frozen, with its members in one order', () => {
  verifies('BM-5');
  verifies('BM-6');
  fc.assert(
    fc.property(fc.nat(8), fc.integer({ min: 1, max: 6 }), (calls, most) => {
      const { events } = spendingStory(calls);
      const history = budgetHistory(events, most);
      expect(history.length).toBeLessThanOrEqual(most);
      expect(history).toEqual(budgetHistory(events, 100).slice(-most));
      expect(history.every((snapshot, index) => snapshot.seq > (history[index - 1]?.seq ?? 0))).toBe(true);
      for (const snapshot of history) {
        expect(Object.isFrozen(snapshot) && Object.isFrozen(snapshot.spent)).toBe(true);
        expect(Object.keys(snapshot)).toEqual(['seq', 'ts', 'what', 'of', 'limit', 'reserved', 'spent', 'lacked']);
      }
    }),
  );
});
