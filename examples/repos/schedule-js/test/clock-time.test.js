import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTime, parseTime, roundUpTo } from '../src/clock-time.js';

test('parses a time of day into minutes', () => {
  assert.equal(parseTime('00:00'), 0);
  assert.equal(parseTime('9:05'), 545);
  assert.equal(parseTime('24:00'), 1440);
});

test('refuses what is no time of day', () => {
  assert.throws(() => parseTime('noon'), TypeError);
  assert.throws(() => parseTime('10:60'), RangeError);
  assert.throws(() => parseTime('24:01'), RangeError);
});

test('formats with two digits', () => {
  assert.equal(formatTime(545), '09:05');
  assert.equal(formatTime(0), '00:00');
});

test('rounds up to the next step', () => {
  assert.equal(roundUpTo(541, 30), 570);
  assert.equal(roundUpTo(540, 30), 540);
});
