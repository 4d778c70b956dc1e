import fc from 'fast-check';
import { expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { filterJson, filterOfPairs, filterText, parseFilter, PASS } from './filter.ts';

const scalar = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
);
const ordered = fc.oneof(fc.string(), fc.integer());
const condition = fc.oneof(
  scalar,
  fc.record({ eq: scalar }),
  fc.record({ ne: scalar, exists: fc.boolean() }),
  fc.record({ in: fc.array(scalar, { maxLength: 4 }) }),
  fc.record({ gte: ordered, lt: ordered }),
  fc.record({ range: fc.tuple(fc.integer(), fc.integer()) }),
);
const fieldName = fc.string({ minLength: 1 }).filter((name) => !['and', 'or', 'not', '__proto__'].includes(name));
const { filter } = fc.letrec((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.dictionary(fieldName, condition, { maxKeys: 3 }),
    fc.record({ and: fc.array(tie('filter'), { maxLength: 3 }) }),
    fc.record({ or: fc.array(tie('filter'), { maxLength: 3 }) }),
    fc.record({ not: tie('filter') }),
  ),
}));

function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, member]) => [key, shuffled(member)] as const)
      .reverse(),
  );
}

test('the order of keys, and JSON text in place of the object, change nothing', () => {
  verifies('CE-9');
  fc.assert(
    fc.property(filter, (given) => {
      const text = filterText(parseFilter(given));
      expect(filterText(parseFilter(shuffled(given)))).toBe(text);
      expect(filterText(parseFilter(JSON.stringify(given)))).toBe(text);
    }),
  );
});

test('the canonical form reads as itself', () => {
  fc.assert(
    fc.property(filter, (given) => {
      const parsed = parseFilter(given);
      expect(parseFilter(filterJson(parsed))).toEqual(parsed);
    }),
  );
});

test('filters that ask the same have one text', () => {
  const texts = [
    { lang: 'ts', lines: { range: [1, 9] } },
    { lines: { lte: 9, gte: 1 }, lang: { eq: 'ts' } },
    { and: [{ lines: { gte: 1 } }, { and: [{ lang: 'ts' }, { lines: { lte: 9 } }, { lang: 'ts' }] }] },
  ].map((given) => filterText(parseFilter(given)));
  expect(new Set(texts)).toEqual(new Set(['{"and":[{"lang":{"eq":"ts"}},{"lines":{"gte":1}},{"lines":{"lte":9}}]}']));
  expect(parseFilter({})).toEqual(PASS);
});

test('field=value pairs are numbers, true and false where they look so, and texts otherwise', () => {
  const pairs = [
    'type=text',
    'lines=12',
    'isTest=false',
    'version="12"',
    'path=a=b',
    'ratio=-1.5e3',
    'zip=0123',
    'empty=',
  ];
  expect(filterJson(filterOfPairs(pairs))).toEqual({
    and: [
      { empty: { eq: '' } },
      { isTest: { eq: false } },
      { lines: { eq: 12 } },
      { path: { eq: 'a=b' } },
      { ratio: { eq: -1500 } },
      { type: { eq: 'text' } },
      { version: { eq: '12' } },
      { zip: { eq: '0123' } },
    ],
  });
});

const deep = (depth: number): unknown => (depth === 0 ? {} : { not: deep(depth - 1) });

test.each([
  ['x', 'it is not JSON'],
  [[], 'a filter is an object, not a list'],
  [null, 'a filter is an object, not null'],
  [{ a: null }, 'a: a field is compared with a value or an object of operators, not null'],
  [{ a: {} }, 'a: no operator is given'],
  [
    { a: { like: 'x' } },
    "a.like: no operator 'like'; operators: eq, ne, in, nin, gt, gte, lt, lte, range, exists, and, or, not",
  ],
  [{ a: { in: 'x' } }, 'a.in: a list of values is expected, not a string'],
  [
    { or: [{ a: 1 }, { b: { in: [1, {}] } }] },
    'or[1].b.in[1]: a text, a number, true or false is expected, not an object',
  ],
  [{ a: { gt: true } }, 'a.gt: true and false have no order'],
  [{ a: { range: [1] } }, 'a.range: a range is [from, to]'],
  [{ a: { range: [1, 'b'] } }, 'a.range: both ends of a range are numbers, or both are texts'],
  [{ a: { exists: 1 } }, 'a.exists: true or false is expected, not a number'],
  [{ a: NaN }, 'a: numbers are finite'],
  [{ a: '\ud800' }, 'a: texts are well-formed Unicode'],
  [{ '': 1 }, ': the name of a field is well-formed and not empty'],
  [{ and: {} }, 'and: a list of filters is expected, not an object'],
  [deep(40), 'filters lie within each other at most 32 deep'],
  [{ and: Array.from({ length: 2_000 }, (_, n) => ({ a: n })) }, 'a filter has at most 1024 conditions'],
  [{ or: Array.from({ length: 2_000 }, () => ({})) }, 'a filter has at most 1024 conditions'],
  [{ a: { in: Array.from({ length: 10_001 }, (_, n) => n) } }, 'a.in: a list has at most 10000 values'],
])('%j is refused', (given, message) => {
  expect(() => parseFilter(given)).toThrow(expect.objectContaining({ reason: 'filters_invalid/filter' }) as Error);
  expect(() => parseFilter(given)).toThrow(message);
});

test('a pair without a value, and one of a word of the grammar, is refused', () => {
  expect(() => filterOfPairs(['not=x'])).toThrow('not=x: and, or, not are words of the grammar, and no fields');
  expect(() => filterOfPairs(['type'])).toThrow('type: field=value is expected');
});
