/** Times of day are minutes since midnight, so that they compare and subtract as numbers. */

export const MINUTES_PER_DAY = 24 * 60;

export function parseTime(text) {
  const match = /^(\d{1,2}):(\d{2})$/.exec(text);
  if (match === null) throw new TypeError(`not a time of day: ${text}`);
  const hours = Number(match[1]);
  const minutes = Number(match[2]);
  const total = hours * 60 + minutes;
  if (minutes > 59 || total > MINUTES_PER_DAY) throw new RangeError(`out of range: ${text}`);
  return total;
}

export function formatTime(minutes) {
  const hours = Math.floor(minutes / 60);
  return `${String(hours).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

export function roundUpTo(minutes, step) {
  return Math.ceil(minutes / step) * step;
}
