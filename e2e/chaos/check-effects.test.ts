import { describe, expect, test } from 'vitest';
import { failure, type AmbiguityPolicy, type EventPayload } from '../../packages/protocol/src/index.ts';
import { faultsOfEffects } from './check-effects.ts';
import type { WitnessedCall } from './witness.ts';

const key = 'a#1/act#1';

function intended(policy: AmbiguityPolicy, execution = 1): EventPayload {
  return {
    type: 'effect.intended',
    ...{ key, node: 'a', visit: 1, attempt: 1, name: 'act', occurrence: 1, argumentsDigest: 'd', summary: 'act' },
    ...{ policy, execution, reserved: {}, notAfter: 1 },
  };
}
function recorded(value: number | 'refused' | 'timeout', execution = 1): EventPayload {
  const reason = value === 'refused' ? 'transient/agent' : 'timeout/call';
  const outcome =
    typeof value === 'number'
      ? ({ kind: 'value', value } as const)
      : ({ kind: 'error', failure: failure(reason) } as const);
  return { type: 'effect.recorded', key, node: 'a', visit: 1, execution, outcome, spent: {} };
}
const claimed: EventPayload = { type: 'run.claimed', worker: 'worker-2' };
const parked: EventPayload = { type: 'effect.parked', key, node: 'a', visit: 1, attempt: 1, summary: 'act' };

const call = (policy: AmbiguityPolicy, number: number | undefined): WitnessedCall => ({
  ...{ run: 'r', key, policy, worker: 'w', at: 0, number, isAnsweredAgain: false },
});
const faults = (payloads: readonly EventPayload[], ...calls: WitnessedCall[]) => faultsOfEffects(payloads, () => calls);

describe('the outside agrees with the ledger', () => {
  test('when what was done is recorded', () => {
    expect(faults([intended('once'), recorded(7)], call('once', 7))).toEqual([]);
  });

  test('when a repeatable call ran again after a crash, and its last act is recorded', () => {
    const log = [intended('repeatable'), claimed, intended('repeatable', 2), recorded(9, 2)];
    expect(faults(log, call('repeatable', 7), call('repeatable', 9))).toEqual([]);
  });

  test('when a call that was refused, or given up, was made again', () => {
    const log = [intended('once'), recorded('refused'), intended('once', 2), recorded(8, 2)];
    expect(faults(log, call('once', undefined), call('once', 8))).toEqual([]);
    const late = [intended('once'), recorded('timeout'), intended('once', 2), recorded(8, 2)];
    expect(faults(late, call('once', 7), call('once', 8))).toEqual([]);
  });

  test('when a call in doubt is parked by the next owner', () => {
    expect(faults([intended('once'), claimed, parked], call('once', 7))).toEqual([]);
  });
});

describe('the outside convicts the ledger', () => {
  test('of a call that was made again after it had been recorded', () => {
    expect(faults([intended('repeatable'), recorded(7)], call('repeatable', 7), call('repeatable', 9))).toEqual([
      `${key} is recorded as act 7, the last was 9`,
    ]);
  });

  test('of a record of what was never done', () => {
    expect(faults([intended('keyed'), recorded(7)])).toHaveLength(1);
  });

  test('of doing twice what may happen once', () => {
    const log = [intended('once'), claimed, intended('once', 2), recorded(9, 2)];
    expect(faults(log, call('once', 7), call('once', 9))).toEqual([`${key} may happen once, and was done 2 times`]);
  });

  test('of parking what was recorded, may be repeated, or belongs to the same owner', () => {
    const said = [`${key} is parked and was not in doubt`];
    expect(faults([intended('once'), recorded(7), claimed, parked], call('once', 7))).toEqual(said);
    expect(faults([intended('keyed'), claimed, parked])).toEqual(said);
    expect(faults([intended('once'), parked])).toEqual(said);
  });
});
