import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describe, interval, OpeningHours, RoomCalendar } from '../src/index.js';

const MONDAY = '2025-03-03';
const SUNDAY = '2025-03-02';

function aCalendar() {
  return new RoomCalendar(new OpeningHours({ monday: ['08:00-12:00', '13:00-18:00'] }));
}

test('books within the opening hours only', () => {
  const calendar = aCalendar();
  assert.equal(calendar.book(MONDAY, interval('08:00', '09:00'), 'stand-up').id, 1);
  assert.throws(() => calendar.book(MONDAY, interval('11:30', '13:30'), 'lunch'), { reason: 'closed' });
  assert.throws(() => calendar.book(SUNDAY, interval('08:00', '09:00'), 'choir'), { reason: 'closed' });
});

test('refuses a clash and names it', () => {
  const calendar = aCalendar();
  calendar.book(MONDAY, interval('09:00', '10:00'), 'planning');
  assert.throws(() => calendar.book(MONDAY, interval('09:30', '10:30'), 'review'), {
    reason: 'taken',
    message: '09:30-10:30 clashes with "planning"',
  });
});

test('books back to back', () => {
  const calendar = aCalendar();
  calendar.book(MONDAY, interval('10:00', '11:00'), 'review');
  calendar.book(MONDAY, interval('09:00', '10:00'), 'planning');
  calendar.book(MONDAY, interval('11:00', '12:00'), 'interview');
  assert.deepEqual(
    calendar.on(MONDAY).map((booking) => booking.title),
    ['planning', 'review', 'interview'],
  );
});

test('a series is booked as a whole', () => {
  const calendar = aCalendar();
  const booked = calendar.bookSeries(MONDAY, { every: 'week', count: 4 }, interval('14:00', '15:00'), 'class');
  assert.equal(booked.length, 4);
});

test('a series that clashes leaves nothing behind', () => {
  const calendar = aCalendar();
  calendar.book('2025-03-17', interval('14:30', '15:00'), 'audit');
  const rule = { every: 'week', count: 4 };
  assert.throws(() => calendar.bookSeries(MONDAY, rule, interval('14:00', '15:00'), 'class'), { reason: 'taken' });
  assert.equal(calendar.bookedMinutes(MONDAY), 0);
  assert.equal(calendar.bookedMinutes('2025-03-17'), 30);
});

test('a cancelled booking frees its slot', () => {
  const calendar = aCalendar();
  const { id } = calendar.book(MONDAY, interval('09:00', '10:00'), 'planning');
  assert.equal(calendar.cancel(id), true);
  assert.equal(calendar.cancel(id), false);
  assert.equal(calendar.book(MONDAY, interval('09:00', '10:00'), 'review').title, 'review');
});

test('offers free slots on the grid', () => {
  const calendar = aCalendar();
  calendar.book(MONDAY, interval('08:15', '10:45'), 'workshop');
  const free = calendar.freeSlots(MONDAY, 60).map(describe);
  assert.deepEqual(free.slice(0, 2), ['11:00-12:00', '13:00-14:00']);
  assert.equal(free.at(-1), '17:00-18:00');
});
