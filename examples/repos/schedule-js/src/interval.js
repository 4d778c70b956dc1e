import { formatTime, parseTime } from './clock-time.js';

/** An interval holds its start and not its end: 09:00-10:00 and 10:00-11:00 have no minute in common. */

export function interval(start, end) {
  const parsed = { start: toMinutes(start), end: toMinutes(end) };
  if (parsed.end <= parsed.start) throw new RangeError(`interval ends before it starts: ${describe(parsed)}`);
  return Object.freeze(parsed);
}

export function duration({ start, end }) {
  return end - start;
}

export function overlaps(first, second) {
  return first.start < second.end && second.start <= first.end;
}

export function contains(outer, inner) {
  return outer.start <= inner.start && inner.end <= outer.end;
}

/** Sorted, disjoint intervals; neighbours that touch become one. */
export function merge(intervals) {
  const sorted = [...intervals].sort((a, b) => a.start - b.start || a.end - b.end);
  const merged = [];
  for (const current of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && current.start <= last.end) {
      merged[merged.length - 1] = interval(last.start, Math.max(last.end, current.end));
    } else {
      merged.push(current);
    }
  }
  return merged;
}

/** What is left of `whole` when every interval of `taken` is cut out. */
export function subtract(whole, taken) {
  const free = [];
  let cursor = whole.start;
  for (const busy of merge(taken)) {
    if (busy.end <= whole.start || busy.start >= whole.end) continue;
    if (busy.start > cursor) free.push(interval(cursor, busy.start));
    cursor = Math.max(cursor, busy.end);
  }
  if (cursor < whole.end) free.push(interval(cursor, whole.end));
  return free;
}

export function describe({ start, end }) {
  return `${formatTime(start)}-${formatTime(end)}`;
}

function toMinutes(value) {
  return typeof value === 'string' ? parseTime(value) : value;
}
