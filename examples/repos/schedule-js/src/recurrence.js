const DAY = 24 * 60 * 60 * 1000;

/** Dates (YYYY-MM-DD) of a rule `{ every: 'day' | 'week', step, count, until, except }` from a first date on. */
export function expandRecurrence(first, { every, step = 1, count = Infinity, until, except = [] }) {
  if (count === Infinity && until === undefined) throw new TypeError('a recurrence needs a count or an end');
  const stride = every === 'week' ? step * 7 : step;
  const dates = [];
  for (let index = 0; index < count; index += 1) {
    const date = addDays(first, index * stride);
    if (until !== undefined && date > until) break;
    if (!except.includes(date)) dates.push(date);
  }
  return dates;
}

export function addDays(date, days) {
  const moved = new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY);
  return moved.toISOString().slice(0, 10);
}
