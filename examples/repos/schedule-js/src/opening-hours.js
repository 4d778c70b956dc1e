import { contains, interval } from './interval.js';

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

export class OpeningHours {
  #hours = new Map();

  /** Takes `{ monday: ['08:00-12:00', '13:00-18:00'], ... }`; days left out are closed. */
  constructor(table) {
    for (const [day, ranges] of Object.entries(table)) {
      if (!WEEKDAYS.includes(day)) throw new TypeError(`unknown weekday: ${day}`);
      this.#hours.set(
        day,
        ranges.map((range) => interval(...range.split('-'))),
      );
    }
  }

  on(date) {
    return this.#hours.get(weekdayOf(date)) ?? [];
  }

  covers(date, wanted) {
    return this.on(date).some((open) => contains(open, wanted));
  }
}

export function weekdayOf(date) {
  return WEEKDAYS[new Date(`${date}T00:00:00Z`).getUTCDay()];
}
