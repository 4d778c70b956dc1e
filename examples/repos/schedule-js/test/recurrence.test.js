import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addDays, expandRecurrence } from '../src/recurrence.js';

test('adds days across months and leap days', () => {
  assert.equal(addDays('2024-02-28', 2), '2024-03-01');
  assert.equal(addDays('2025-12-31', 1), '2026-01-01');
});

test('repeats a number of weeks', () => {
  assert.deepEqual(expandRecurrence('2025-03-03', { every: 'week', count: 3 }), [
    '2025-03-03',
    '2025-03-10',
    '2025-03-17',
  ]);
});

test('includes the last day of the rule', () => {
  const dates = expandRecurrence('2025-03-03', { every: 'day', step: 2, until: '2025-03-07' });
  assert.deepEqual(dates, ['2025-03-03', '2025-03-05', '2025-03-07']);
});

test('an exception counts but is left out', () => {
  const dates = expandRecurrence('2025-03-03', { every: 'day', count: 3, except: ['2025-03-04'] });
  assert.deepEqual(dates, ['2025-03-03', '2025-03-05']);
});

test('refuses a rule without an end', () => {
  assert.throws(() => expandRecurrence('2025-03-03', { every: 'day' }), TypeError);
});
