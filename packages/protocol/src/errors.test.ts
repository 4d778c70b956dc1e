import { describe, expect, test } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import {
  BudgetExceeded,
  codeOf,
  errorCatalogue,
  errorCodes,
  exitCodes,
  failure,
  failureOf,
  isErrorReason,
  VltairError,
  type ErrorReason,
} from './errors.ts';
import { failureSchema } from './failure-schema.ts';

const reasons = Object.keys(errorCatalogue).filter(isErrorReason);

test('the codes are a closed list', () => {
  verifies('V-05');
  expect(errorCodes.join(' ')).toBe(
    'invalid_argument not_found unauthorized forbidden timeout test_failed internal unavailable payload_too_large ' +
      'deadline_exceeded resource_exhausted queue_full filters_invalid transient fatal not_implemented ' +
      'method_not_allowed rate_limited budget_exceeded cancelled',
  );
});

describe.each(reasons)('%s', (reason) => {
  const entry = errorCatalogue[reason];

  test('says what is wrong and what to do in whole sentences', () => {
    verifies('V-05');
    expect(entry.summary).toMatch(/^(?:[A-Z]|git )[^\n]*\w\.$/);
    expect(entry.next).toMatch(/^[A-Z][^\n]*\.$/);
    expect(Object.values(exitCodes)).toContain(entry.exitCode);
    expect(['caller', 'operator', 'work', 'us']).toContain(entry.fault);
    expect(errorCodes).toContain(codeOf(reason));
  });

  test('comes through as an error and as plain data', () => {
    const error = new VltairError(reason, { detail: 'this', where: 'here' });
    expect(error).toMatchObject({ name: 'VltairError', code: codeOf(reason), entry });
    expect(failureOf(error)).toEqual(failure(reason, { detail: 'this', where: 'here' }));
    expect(failureSchema.parse(failureOf(error))).toEqual(failureOf(error));
  });
});

/** The fixed table of what is tried again (OC-2): everything else is final. */
test('exactly these failures are tried again', () => {
  verifies('OC-2');
  expect(reasons.filter((reason) => errorCatalogue[reason].retryable)).toEqual([
    'timeout/call',
    'internal/sandbox',
    'unavailable/store_locked',
    'unavailable/store_full',
    'unavailable/disk_full',
    'unavailable/store_unreachable',
    'unavailable/store_failed',
    'unavailable/index_behind',
    'unavailable/lease_lost',
    'unavailable/run_held',
    'unavailable/embedder',
    'unavailable/shutting_down',
    'queue_full/scheduler',
    'transient/agent',
  ] satisfies ErrorReason[]);
});

test.each(['', 'odd', 'toString', '__proto__', 'transient', 'transient/odd'])('%j is no reason', (text) => {
  expect(isErrorReason(text)).toBe(false);
});

test('a detail follows the sentence, and an empty one does not', () => {
  expect(failure('not_found/run', { detail: 'r1' }).message).toBe('There is no such run: r1');
  expect(failure('not_found/run', { detail: '' }).message).toBe('There is no such run.');
});

test('an error keeps its cause', () => {
  const cause = new Error('disk');
  expect(new VltairError('unavailable/store_failed', { cause }).cause).toBe(cause);
  expect('cause' in new VltairError('unavailable/store_failed')).toBe(false);
});

test('a budget that is exceeded says of what, and how much', () => {
  verifies('V-17');
  const error = new BudgetExceeded({ dimension: 'calls', limit: 3, spent: 2, requested: 2 });
  expect(error).toBeInstanceOf(VltairError);
  expect(error).toMatchObject({ name: 'BudgetExceeded', reason: 'budget_exceeded/run', limit: 3, requested: 2 });
  expect(error.message).toMatch(/: calls: limit 3, spent or reserved 2, requested 2$/);
});

test.each([
  [new TypeError('no'), 'TypeError: no'],
  ['text', 'text'],
  [undefined, 'undefined'],
  [Symbol('s'), 'Symbol(s)'],
  [Object.create(null), 'a thrown object'],
  ['lone \ud800', 'lone \ufffd'],
])('a thrown %# that is not of the catalogue is unexpected, with its text', (thrown, text) => {
  verifies('V-04');
  expect(failureOf(thrown)).toEqual({
    code: 'internal',
    reason: 'internal/unexpected',
    message: `Something failed that should not have: ${text}`,
    retryable: false,
  });
});
