import { expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { PASS } from './filter.ts';
import { parseSearch } from './search-request.ts';

test('what is left out has its default', () => {
  expect(parseSearch({ text: 'backoff clamp' })).toEqual({
    text: 'backoff clamp',
    k: 10,
    mode: 'hybrid',
    strategy: 'AUTO',
    fusion: 'RECIPROCAL_RANK',
    rrfK: 60,
    denseWeight: 0.5,
    sparseWeight: 0.5,
    rerankFactor: 10,
    filter: PASS,
  });
});

test('what is given stands as it is', () => {
  verifies('CE-8');
  const given = {
    text: 'a',
    vector: new Float32Array([1, 0]),
    k: 5,
    mode: 'dense' as const,
    strategy: 'DENSE_FIRST' as const,
    fusion: 'MAX_SCORE' as const,
    rrfK: 0.5,
    denseWeight: 1,
    sparseWeight: 0,
    rerankFactor: 1,
    session: 's',
    task: 't',
    at: 0,
  };
  expect(parseSearch({ ...given, filter: '{"a":1}' })).toEqual({
    ...given,
    filter: { op: 'eq', field: 'a', value: 1 },
  });
});

test.each([
  [{}, 'text: a text or a vector is searched for'],
  [{ text: '' }, 'text: '],
  [{ text: 'a', k: 0 }, 'k: '],
  [{ text: 'a', k: 1_000_000 }, 'k: '],
  [{ text: 'a', k: 1.5 }, 'k: '],
  [{ text: 'a', rrfK: 0 }, 'rrfK: '],
  [{ text: 'a', rrfK: Infinity }, 'rrfK: '],
  [{ text: 'a', denseWeight: 1.1 }, 'denseWeight: '],
  [{ text: 'a', sparseWeight: -0.1 }, 'sparseWeight: '],
  [{ text: 'a', strategy: 'BOTH' }, 'strategy: '],
  [{ text: 'a', fusion: 'SUM' }, 'fusion: '],
  [{ text: 'a', mode: 'fuzzy' }, 'mode: '],
  [{ text: 'a', rerankFactor: 0 }, 'rerankFactor: '],
  [{ text: 'a', k: 10_000, rerankFactor: 11 }, 'rerankFactor: k times rerankFactor is at most 100000'],
  [{ text: 'a', at: -1 }, 'at: '],
  [{ text: 'a', limit: 3 }, 'limit: there is no such field'],
  [{ vector: 'x' }, 'vector: '],
  [{ vector: [1, null] }, 'vector'],
  [{ vector: [1, NaN] }, 'vector'],
  [{ vector: [1], mode: 'sparse' }, 'text: mode sparse searches for a text'],
  [{ text: 'a', mode: 'dense' }, 'vector: mode dense searches for a vector'],
  ['text', ': '],
])('%j is refused, naming the field', (given, message) => {
  verifies('CE-8');
  expect(() => parseSearch(given)).toThrow(expect.objectContaining({ reason: 'invalid_argument/search' }) as Error);
  expect(() => parseSearch(given)).toThrow(message);
});

test('a filter that is wrong is refused as a filter', () => {
  expect(() => parseSearch({ text: 'a', filter: { a: {} } })).toThrow(
    expect.objectContaining({ reason: 'filters_invalid/filter' }) as Error,
  );
});
