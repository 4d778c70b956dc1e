/** JavaScript, ESM and CommonJS: text, dates, collections, async, recursion. */
import type { KnownBug } from './known-bug.ts';

const slug = `export function slugify(title) {
  const words = title.trim().toLowerCase().split(/\\s+/);
  const kept = words.filter((word) => word.length > 0 && !stopWords.has(word));
  return kept.join('-');
}

const stopWords = new Set(['the', 'a', 'of']);
`;

const dates = `function daysBetween(start, end) {
  const millis = end.getTime() - start.getTime();
  return Math.floor(millis / (24 * 60 * 60 * 1000));
}

function isWeekend(date) {
  const day = date.getUTCDay();
  return day === 0 || day === 6;
}

function addMonths(date, count) {
  const copy = new Date(date);
  copy.setUTCMonth(copy.getUTCMonth() + count);
  return copy;
}

module.exports = { daysBetween, isWeekend, addMonths };
`;

const search = `export function binarySearch(sorted, wanted) {
  let low = 0;
  let high = sorted.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] === wanted) return middle;
    if (sorted[middle] < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
`;

const cache = `class LruCache {
  constructor(capacity, onEvict) {
    this.capacity = capacity;
    this.onEvict = onEvict;
    this.entries = new Map();
  }

  get(key) {
    if (!this.entries.has(key)) return undefined;
    const value = this.entries.get(key);
    this.entries.delete(key);
    this.entries.set(key, value);
    return value;
  }

  set(key, value) {
    this.entries.delete(key);
    this.entries.set(key, value);
    if (this.entries.size > this.capacity) {
      const [oldest] = this.entries.keys();
      this.entries.delete(oldest);
      this.onEvict?.(oldest);
    }
  }
}

module.exports = { LruCache };
`;

const asyncQueue = `export async function mapLimit(items, limit, work) {
  const results = [];
  const running = new Set();
  for (const [index, item] of items.entries()) {
    if (running.size >= limit) await Promise.race(running);
    const task = work(item).then((value) => {
      results[index] = value;
      running.delete(task);
    });
    running.add(task);
  }
  await Promise.all(running);
  return results;
}

export async function retry(action, times) {
  let failure;
  for (let attempt = 1; attempt <= times; attempt++) {
    try {
      return await action(attempt);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
`;

const trees = `export function depth(node) {
  if (!node) return 0;
  return 1 + Math.max(depth(node.left), depth(node.right));
}

export function flatten(list) {
  const out = [];
  for (const item of list) {
    if (Array.isArray(item)) out.push(...flatten(item));
    else out.push(item);
  }
  return out;
}

export function permutations(items) {
  if (items.length <= 1) return [items];
  return items.flatMap((item, index) => {
    const rest = [...items.slice(0, index), ...items.slice(index + 1)];
    return permutations(rest).map((tail) => [item, ...tail]);
  });
}
`;

const money = `export function formatCents(cents, currency = 'EUR') {
  const sign = cents < 0 ? '-' : '';
  const whole = Math.trunc(Math.abs(cents) / 100);
  const rest = String(Math.abs(cents) % 100).padStart(2, '0');
  return sign + whole + '.' + rest + ' ' + currency;
}

export function applyDiscount(price, percent) {
  return price - (price * percent) / 100;
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
`;

const parser = `function parseQuery(text) {
  const result = {};
  if (!text) return result;
  for (const pair of text.replace(/^\\?/, '').split('&')) {
    const at = pair.indexOf('=');
    const key = at < 0 ? pair : pair.slice(0, at);
    const value = at < 0 ? '' : pair.slice(at + 1);
    result[decodeURIComponent(key)] = decodeURIComponent(value);
  }
  return result;
}

function tokenKind(token) {
  switch (token) {
    case '+':
      return 'plus';
    case '-':
      return 'minus';
    default:
      return /^\\d+$/.test(token) ? 'number' : 'word';
  }
}

function countVowels(text) {
  let count = 0;
  for (const letter of text.toLowerCase()) {
    switch (letter) {
      case 'a':
      case 'e':
        count += 1;
        break;
      case 'y':
        continue;
      default:
        count += 0;
    }
  }
  return count;
}

module.exports = { parseQuery, tokenKind, countVowels };
`;

const js = (name: string, correct: string, ...change: KnownBug['change']): KnownBug => ({
  name,
  language: 'javascript',
  correct,
  change,
});

export const javascriptBugs: readonly KnownBug[] = [
  js('slug keeps stop words', slug, '&& !stopWords', '&& stopWords'),
  js('slug joins with a blank', slug, "join('-')", "join(' ')"),
  js('slug forgets to trim', slug, 'title.trim().toLowerCase()', 'title.toLowerCase()'),
  js('days between in the wrong order', dates, 'end.getTime() - start.getTime()', 'start.getTime() - end.getTime()'),
  js('days between in seconds', dates, '60 * 1000', '60 * 100'),
  js('weekend takes the day of the month', dates, 'date.getUTCDay()', 'date.getUTCDate()'),
  js('weekend needs both days', dates, 'day === 0 || day', 'day === 0 && day'),
  js('months change the argument', dates, 'new Date(date)', 'date'),
  js('search misses the last item', search, 'low <= high', 'low < high'),
  js('search never moves on', search, 'low = middle + 1', 'low = middle'),
  js('search starts past the end', search, 'sorted.length - 1', 'sorted.length'),
  js('cache evicts too early', cache, 'size > this.capacity', 'size >= this.capacity'),
  js(
    'cache does not refresh',
    cache,
    '    this.entries.delete(key);\n    this.entries.set(key, value);\n    return value',
    '    this.entries.set(key, value);\n    return value',
  ),
  js('cache loses its listener', cache, '    this.onEvict = onEvict;\n', ''),
  js('cache calls no listener', cache, 'this.onEvict?.(oldest)', 'this.onEvict(oldest)'),
  js('queue does not wait', asyncQueue, 'await Promise.all(running)', 'Promise.all(running)'),
  js('queue waits for all', asyncQueue, 'await Promise.race(running)', 'await Promise.all(running)'),
  js('retry returns a promise that fails', asyncQueue, 'return await action', 'return action'),
  js('retry swallows the failure', asyncQueue, '  throw failure;', '  return failure;'),
  js('retry stops one early', asyncQueue, 'attempt <= times', 'attempt < times'),
  js('depth takes the shallow side', trees, 'Math.max', 'Math.min'),
  js('depth looks left twice', trees, 'depth(node.right)', 'depth(node.left)'),
  js('depth fails on nothing', trees, '  if (!node) return 0;\n', ''),
  js('flatten nests again', trees, 'out.push(...flatten(item))', 'out.push(flatten(item))'),
  js('permutations keep the item', trees, 'items.slice(index + 1)', 'items.slice(index)'),
  js('cents are not padded', money, 'padStart(2', 'padStart(1'),
  js('cents are padded at the end', money, 'padStart', 'padEnd'),
  js('discount binds wrongly', money, '(price * percent) / 100', 'price * (percent / 10)'),
  js('median sorts as text', money, 'sort((a, b) => a - b)', 'sort()'),
  js('median sorts the caller’s list', money, '[...values].sort', 'values.sort'),
  js('median of even lists', money, '(sorted[half - 1] + sorted[half]) / 2', 'sorted[half - 1] + sorted[half] / 2'),
  js('query fails on nothing', parser, '  if (!text) return result;\n', ''),
  js('query cuts the value', parser, 'at + 1', 'at'),
  js('query swaps key and value', parser, 'at < 0 ? pair : pair.slice(0, at)', 'at < 0 ? pair.slice(0, at) : pair'),
  js('vowels fall through', parser, '        break;\n', ''),
  js('query takes the last sign', parser, "pair.indexOf('=')", "pair.lastIndexOf('=')"),
  js('slug splits every blank', slug, 'split(/\\s+/)', 'split(/\\s*/)'),
  js('slug keeps empty words', slug, 'word.length > 0 && !stopWords', '!stopWords'),
  js('queue walks backwards', asyncQueue, 'of items.entries()', 'of [...items.entries()].reverse()'),
  js('queue forgets what runs', asyncQueue, '    running.add(task);\n', ''),
  js(
    'cache sets before it deletes',
    cache,
    '    this.entries.delete(key);\n    this.entries.set(key, value);\n    if',
    '    this.entries.set(key, value);\n    this.entries.delete(key);\n    if',
  ),
];
