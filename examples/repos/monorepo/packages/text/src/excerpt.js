import { tokenize } from './tokenize.js';

/** About `length` characters around the first hit, cut at spaces, with hits between brackets. */
export function excerpt(text, query, length = 60) {
  const wanted = new Set(tokenize(query).map((token) => token.term));
  const hits = tokenize(text).filter((token) => wanted.has(token.term));
  const [start, end] = windowAround(text, hits[0]?.start ?? 0, length);
  const marked = mark(text, hits, start, end);
  return `${start > 0 ? '…' : ''}${marked}${end < text.length ? '…' : ''}`;
}

function windowAround(text, position, length) {
  if (text.length <= length) return [0, text.length];
  let start = Math.max(0, position - Math.floor(length / 2));
  let end = Math.min(text.length, start + length);
  if (start > 0) start = text.indexOf(' ', start) + 1;
  if (end < text.length) end = Math.max(text.lastIndexOf(' ', end), start);
  return [start, end];
}

function mark(text, hits, start, end) {
  let marked = '';
  let cursor = start;
  for (const hit of hits) {
    if (hit.start < start || hit.end > end) continue;
    marked += `${text.slice(cursor, hit.start)}[${text.slice(hit.start, hit.end)}]`;
    cursor = hit.end;
  }
  return marked + text.slice(cursor, end);
}
