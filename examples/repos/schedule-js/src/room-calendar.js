import { roundUpTo } from './clock-time.js';
import { describe, duration, interval, overlaps, subtract } from './interval.js';
import { expandRecurrence } from './recurrence.js';

export class BookingRefused extends Error {
  name = 'BookingRefused';

  constructor(reason, message) {
    super(message);
    this.reason = reason;
  }
}

export class RoomCalendar {
  #bookings = [];
  #nextId = 1;

  constructor(openingHours) {
    this.openingHours = openingHours;
  }

  book(date, wanted, title) {
    if (!this.openingHours.covers(date, wanted)) {
      throw new BookingRefused('closed', `${describe(wanted)} is outside the opening hours of ${date}`);
    }
    const clash = this.on(date).find((booking) => overlaps(booking.slot, wanted));
    if (clash !== undefined) {
      throw new BookingRefused('taken', `${describe(wanted)} clashes with "${clash.title}"`);
    }
    const booking = { id: this.#nextId, date, slot: wanted, title };
    this.#nextId += 1;
    this.#bookings.push(booking);
    return booking;
  }

  /** All dates of the rule or none: a refusal takes back what was booked before it. */
  bookSeries(first, rule, wanted, title) {
    const booked = [];
    try {
      for (const date of expandRecurrence(first, rule)) booked.push(this.book(date, wanted, title));
    } catch (error) {
      for (const booking of booked) this.cancel(booking.id);
      throw error;
    }
    return booked;
  }

  cancel(id) {
    const index = this.#bookings.findIndex((booking) => booking.id === id);
    if (index === -1) return false;
    this.#bookings.splice(index, 1);
    return true;
  }

  on(date) {
    return this.#bookings.filter((booking) => booking.date === date).sort((a, b) => a.slot.start - b.slot.start);
  }

  /** Free slots of exactly `minutes`, starting at multiples of `step`. */
  freeSlots(date, minutes, step = 30) {
    const taken = this.on(date).map((booking) => booking.slot);
    const gaps = this.openingHours.on(date).flatMap((open) => subtract(open, taken));
    const slots = [];
    for (const gap of gaps) {
      for (let start = roundUpTo(gap.start, step); start + minutes <= gap.end; start += step) {
        slots.push(interval(start, start + minutes));
      }
    }
    return slots;
  }

  bookedMinutes(date) {
    return this.on(date).reduce((total, booking) => total + duration(booking.slot), 0);
  }
}
