import { expect, test } from 'vitest';
import { kindOf, type EventPayload, type RunEvent } from '../../packages/protocol/src/index.ts';
import { faultsOfPromises } from './check-promises.ts';
import type { Heard } from './heard.ts';

const run = 'r1';
const event = (seq: number, payload: EventPayload): RunEvent => ({
  run,
  seq,
  ts: 5,
  epoch: 2,
  kind: kindOf(payload),
  payload,
});
const log = [
  event(1, { type: 'run.claimed', worker: 'w' }),
  event(2, { type: 'cancel.requested', by: 'ben', reason: 'enough', commandId: 'c1' }),
];
const committed = (...events: Extract<Heard, { what: 'committed' }>['events']): Heard => ({
  what: 'committed',
  at: 1,
  run,
  events,
});
const answered = (id: string, type: string, reason?: string): Heard => ({
  ...{ what: 'answered', at: 1, run, id, type },
  ...(reason === undefined ? {} : { reason }),
});
const answers = new Map([['c1', { id: 'c1', ts: 1, refusal: undefined }]]);
const faults = (events: readonly RunEvent[] | undefined, ...heard: Heard[]) => faultsOfPromises(events, heard, answers);

test('what stands in the log as it was heard is no fault', () => {
  const sent: Heard = { what: 'sent', at: 1, run, id: 'c1', type: 'cancel' };
  const started: Heard = { what: 'started', at: 1, run };
  const seen = committed([1, 'run.claimed', 2, 5], [2, 'cancel.requested', 2, 5]);
  expect(
    faults(log, started, seen, sent, answered('c1', 'cancel'), answered('c2', 'signal', 'x'), answered('s', 'start')),
  ).toEqual([]);
});

test('an acknowledged start without a run is a fault', () => {
  expect(faults(undefined, { what: 'started', at: 1, run })).toHaveLength(1);
  expect(faults(undefined, answered('s', 'start'))).toHaveLength(1);
});

test('a committed event that is missing, or another one, is a fault', () => {
  expect(faults(log, committed([3, 'run.cancelled', 2, 5]))).toEqual([
    'event 3 (run.cancelled) was committed, and is not there',
  ]);
  expect(faults(log, committed([1, 'run.claimed', 1, 5]))).toHaveLength(1);
  expect(faults(log, committed([1, 'run.paused', 2, 5]))).toHaveLength(1);
});

test('a command that the inbox took and nobody answered is a fault', () => {
  expect(faults(log, { what: 'sent', at: 1, run, id: 'c9', type: 'signal' })).toHaveLength(1);
});

test('a command that was done and is not there, or was refused and is, is a fault', () => {
  expect(faults(log, answered('c9', 'signal'))).toEqual(['c9 was done, and stands 0 times in the log']);
  expect(faults(log, answered('c1', 'cancel', 'invalid_argument/run_ended'))).toHaveLength(1);
  expect(faults([...log, ...log], answered('c1', 'cancel'))).toHaveLength(1);
});
