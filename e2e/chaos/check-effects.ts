import type { EventPayload, FactOf } from '../../packages/protocol/src/index.ts';
import type { WitnessedCall } from './witness.ts';

/** How the outside says no; the only failure of a call that tells that nothing was done. */
const REFUSED = 'transient/agent';

/**
 * What the outside saw of a run against the run's ledger: what is recorded was done, and was not done again; what may
 * happen once happened once; and only what is in doubt was parked. Sentences, one for each fault.
 */
export function faultsOfEffects(
  payloads: readonly EventPayload[],
  callsOf: (key: string) => readonly WitnessedCall[],
): readonly string[] {
  const faults = [...keysOf(payloads)].flatMap((key) => faultsOfKey(key, payloads, callsOf(key)));
  return [...faults, ...faultsOfParking(payloads)];
}

function keysOf(payloads: readonly EventPayload[]): ReadonlySet<string> {
  return new Set(payloads.flatMap((payload) => (payload.type === 'effect.intended' ? [payload.key] : [])));
}

type Record = FactOf<'effect.recorded'>;

function faultsOfKey(
  key: string,
  payloads: readonly EventPayload[],
  calls: readonly WitnessedCall[],
): readonly string[] {
  const records = payloads.filter(
    (payload): payload is Record => payload.type === 'effect.recorded' && payload.key === key,
  );
  const done = calls.filter(({ number }) => number !== undefined);
  return [...faultsOfValue(key, records, done), ...faultsOfOnce(key, records, done)];
}

/** Every act has another number: the recorded one is that of the last act, or an act came after it was recorded. */
function faultsOfValue(key: string, records: readonly Record[], done: readonly WitnessedCall[]): readonly string[] {
  return records.flatMap(({ outcome }) => {
    if (outcome.kind === 'error') return [];
    const last = done.at(-1)?.number;
    return outcome.value === last
      ? []
      : [`${key} is recorded as act ${JSON.stringify(outcome.value)}, the last was ${last}`];
  });
}

function faultsOfOnce(key: string, records: readonly Record[], done: readonly WitnessedCall[]): readonly string[] {
  if (done[0]?.policy === 'repeatable' || done.length === 0) return [];
  const acts = new Set(done.map(({ number }) => number)).size;
  // A call that a clock or a cancellation ended was given up, and may have been done.
  const givenUp = records.filter(
    ({ outcome }) => outcome.kind === 'error' && outcome.failure.reason !== REFUSED,
  ).length;
  return acts <= 1 + givenUp ? [] : [`${key} may happen once, and was done ${acts} times`];
}

/** A person is asked only about a call of an earlier owner that may happen once and has no record. */
function faultsOfParking(payloads: readonly EventPayload[]): readonly string[] {
  return payloads.flatMap((payload, index) => {
    if (payload.type !== 'effect.parked') return [];
    const before = payloads.slice(0, index);
    const intended = before.findLastIndex((each) => each.type === 'effect.intended' && each.key === payload.key);
    const intent = before[intended];
    const since = before.slice(intended + 1);
    const isOnce = intent?.type === 'effect.intended' && intent.policy === 'once';
    const isRecorded = since.some((each) => each.type === 'effect.recorded' && each.key === payload.key);
    const isTakenOver = since.some(({ type }) => type === 'run.claimed');
    return isOnce && !isRecorded && isTakenOver ? [] : [`${payload.key} is parked and was not in doubt`];
  });
}
