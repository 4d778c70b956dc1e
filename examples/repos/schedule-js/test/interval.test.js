import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contains, describe, duration, interval, merge, overlaps, subtract } from '../src/interval.js';

const described = (intervals) => intervals.map(describe);

test('an interval needs a start before its end', () => {
  assert.throws(() => interval('10:00', '10:00'), RangeError);
  assert.equal(duration(interval('10:00', '11:30')), 90);
});

test('intervals that share a minute overlap', () => {
  assert.equal(overlaps(interval('09:00', '10:00'), interval('09:59', '11:00')), true);
  assert.equal(overlaps(interval('09:00', '12:00'), interval('10:00', '11:00')), true);
});

test('intervals apart from each other do not overlap', () => {
  assert.equal(overlaps(interval('09:00', '10:00'), interval('11:00', '12:00')), false);
  assert.equal(overlaps(interval('11:00', '12:00'), interval('09:00', '10:00')), false);
});

test('an interval contains itself and what lies inside', () => {
  const morning = interval('08:00', '12:00');
  assert.equal(contains(morning, morning), true);
  assert.equal(contains(morning, interval('11:00', '12:01')), false);
});

test('merging joins overlapping and touching intervals', () => {
  const merged = merge([interval('13:00', '14:00'), interval('09:00', '10:00'), interval('10:00', '11:00')]);
  assert.deepEqual(described(merged), ['09:00-11:00', '13:00-14:00']);
});

test('merging keeps the longer end', () => {
  assert.deepEqual(described(merge([interval('09:00', '12:00'), interval('10:00', '11:00')])), ['09:00-12:00']);
});

test('subtracting leaves the gaps', () => {
  const free = subtract(interval('08:00', '12:00'), [interval('09:00', '10:00'), interval('11:30', '13:00')]);
  assert.deepEqual(described(free), ['08:00-09:00', '10:00-11:30']);
});

test('subtracting ignores what lies outside', () => {
  assert.deepEqual(described(subtract(interval('08:00', '12:00'), [interval('06:00', '08:00')])), ['08:00-12:00']);
});
