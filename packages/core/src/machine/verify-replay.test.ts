import { failure, isFact, type RunEvent } from '@vltair/protocol';
import { describe, expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { aWorkflow, RunStory } from '../../test/builders.ts';
import { verifyReplay } from './verify-replay.ts';

function aLog(): RunEvent[] {
  const story = new RunStory(
    aWorkflow([{ id: 'a' }, { id: 'b' }, { id: 'c', needs: ['a', 'b'] }], { budget: { calls: 2 } }),
  );
  story.effect('a', { reserved: { calls: 1 } });
  story.effect('b', { reserved: { calls: 2 } });
  story.record('a', { calls: 1 });
  story.fail('a', 'transient/agent');
  story.wait(1_000).complete('a');
  story.complete('b');
  story.fail('c');
  return story.events;
}

const numbered = (events: readonly RunEvent[]) => events.map((event, index) => ({ ...event, seq: index + 1 }));
const decisionsIn = (events: readonly RunEvent[]) =>
  events.flatMap((event, index) => (isFact(event.payload) ? [] : [index]));

test('the log of a run replays without a difference, whole or cut after any fact', () => {
  verifies('V-18');
  verifies('OC-14');
  const log = aLog();
  expect(verifyReplay(log)).toEqual([]);
  expect(verifyReplay(numbered(JSON.parse(JSON.stringify(log)) as RunEvent[]))).toEqual([]);
  expect(verifyReplay([])).toEqual([]);
});

describe('every decision is compared', () => {
  test.each(decisionsIn(aLog()))('event %i dropped', (index) => {
    verifies('OC-14');
    expect(verifyReplay(numbered(aLog().toSpliced(index, 1)))).not.toEqual([]);
  });

  test.each(decisionsIn(aLog()))('event %i repeated', (index) => {
    const log = aLog();
    const event = log[index];
    if (event === undefined) throw new Error('no event');
    expect(verifyReplay(numbered(log.toSpliced(index, 0, event)))).not.toEqual([]);
  });

  test('one swapped with the next', () => {
    const log = aLog();
    const first = decisionsIn(log).find((index) => decisionsIn(log).includes(index + 1)) ?? 0;
    const swapped = [log[first + 1], log[first]].filter((event) => event !== undefined);
    expect(verifyReplay(numbered(log.toSpliced(first, 2, ...swapped)))).toHaveLength(2);
  });

  test('one changed in a single member, without hiding what comes after', () => {
    verifies('OC-14');
    const log = aLog().map((event) =>
      event.payload.type === 'attempt.scheduled' && event.payload.attempt === 2
        ? { ...event, payload: { ...event.payload, dueTs: event.payload.dueTs + 1 } }
        : event,
    );
    const [difference, ...others] = verifyReplay(log);
    expect(difference).toMatchObject({
      afterFact: 'attempt.completed',
      recorded: { attempt: 2 },
      decided: { attempt: 2 },
    });
    expect(others).toEqual([]);
  });

  test('one that nothing called for', () => {
    const log = aLog();
    const last = log.at(-1);
    if (last === undefined) throw new Error('no event');
    const payload = { type: 'run.failed' as const, failure: failure('fatal/agent') };
    expect(verifyReplay([...log, { ...last, seq: last.seq + 1, payload }])).toEqual([
      { seq: last.seq + 1, afterFact: 'attempt.completed', recorded: payload, decided: undefined },
    ]);
  });
});

describe('the answers of the budget are compared', () => {
  test('a call that was let through and does not fit', () => {
    const log = aLog().map((event) =>
      event.payload.type === 'effect.intended'
        ? { ...event, payload: { ...event.payload, reserved: { calls: 3 } } }
        : event,
    );
    expect(verifyReplay(log).map(({ afterFact }) => afterFact)).toContain('effect.intended');
  });

  test('a call that was refused and fits', () => {
    const log = aLog().map((event) =>
      event.payload.type === 'effect.refused'
        ? { ...event, payload: { ...event.payload, reserved: { calls: 1 } } }
        : event,
    );
    expect(verifyReplay(log)).toMatchObject([{ afterFact: 'effect.refused' }]);
  });
});

test('a log that begins with a decision is no log', () => {
  expect(() => verifyReplay(aLog().slice(1))).toThrow(/follows from no fact/);
});
