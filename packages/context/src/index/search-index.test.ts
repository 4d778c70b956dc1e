import fc from 'fast-check';
import { expect, test } from 'vitest';
import { naiveSearch, replay, type NaiveAnswer } from '../../test/naive-search.ts';
import { loadKernel } from '../kernel/load-kernel.ts';
import { parseSearch, type SearchInput, type SearchRequest } from '../query/search-request.ts';
import type { IndexChange, IndexedVersion, Scope } from './indexed-version.ts';
import { SearchIndex, type Answer } from './search-index.ts';
import { unitVector } from './unit-vector.ts';

const kernel = loadKernel();
const DIMENSION = 5;

const words = ['if', 'retry', 'backoffClamp', 'read_file', 'not', 'http2'];
const textOf = fc.array(fc.constantFrom(...words), { maxLength: 6 }).map((each) => each.join(' '));
/** Few different values, so that there are equal scores, and vectors that are nearly the same. */
const vectorOf = fc
  .array(fc.constantFrom(0, 1, -1, 0.5, 1e-9, 1e9), { minLength: DIMENSION, maxLength: DIMENSION })
  .filter((values) => values.some((value) => value !== 0));
const scopeOf: fc.Arbitrary<Scope> = fc.constantFrom(
  { level: 'global' },
  { level: 'global' },
  { level: 'session', key: 's' },
  { level: 'task', key: 't' },
);
const metadataOf = fc.record(
  {
    lang: fc.constantFrom('ts', 'py'),
    lines: fc.integer({ min: 0, max: 4 }),
    isTest: fc.boolean(),
    tags: fc.subarray(['a', 'b', 'c']),
  },
  { requiredKeys: [] },
);
const documentOf = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
  scope: scopeOf,
  text: textOf,
  metadata: metadataOf,
  vector: fc.option(vectorOf, { nil: undefined }),
});

type Written = typeof documentOf extends fc.Arbitrary<infer T> ? T : never;

const conditionOf = fc.oneof(
  fc.constantFrom({ lang: 'ts' }, { lang: { ne: 'py' } }, { tags: 'a' }, { tags: { nin: ['a', 'b'] } }),
  fc.constantFrom({ lines: { gte: 2 } }, { lines: { range: [1, 3] } }, { lang: { gt: 'py' } }, { isTest: true }),
  fc.constantFrom({ tags: { exists: true } }, { lang: { exists: false } }, { lines: { in: [1, 2, 'x'] } }),
);
const filterOf = fc.oneof(
  conditionOf,
  fc.array(conditionOf, { maxLength: 3 }).map((and) => ({ and })),
  fc.array(conditionOf, { maxLength: 3 }).map((or) => ({ or })),
  conditionOf.map((not) => ({ not })),
);
const searchOf: fc.Arbitrary<SearchInput> = fc
  .record(
    {
      text: textOf.filter((text) => text !== ''),
      vector: vectorOf,
      k: fc.integer({ min: 1, max: 4 }),
      rerankFactor: fc.integer({ min: 1, max: 2 }),
      mode: fc.constantFrom('dense', 'sparse', 'hybrid'),
      filter: filterOf,
      session: fc.constantFrom('s', 'x'),
      task: fc.constantFrom('t', 'x'),
    },
    { requiredKeys: ['k'] },
  )
  .filter(
    ({ text, vector, mode }) => (mode === 'dense' ? vector : mode === 'sparse' ? text : (text ?? vector)) !== undefined,
  );

function versionOf({ vector, ...document }: Written, version: number): IndexedVersion {
  return { ...document, kind: 'code', version, vectors: vector === undefined ? {} : { e: Float32Array.from(vector) } };
}

/** Two of them at each position. */
function changesOf(writes: readonly (Written | string)[]): readonly IndexChange[] {
  return writes.map((write, index) => {
    const position = 1 + (index >> 1);
    if (typeof write === 'string') return { kind: 'end', position, id: write };
    return { kind: 'put', position, document: versionOf(write, index + 1) };
  });
}

const writesOf = fc.array(fc.oneof(documentOf, documentOf, documentOf, fc.constantFrom('a', 'b', 'c')), {
  maxLength: 24,
});

function indexOf(changes: readonly IndexChange[], isSimd = true): SearchIndex {
  const index = new SearchIndex(isSimd && kernel !== undefined ? { kernel } : {});
  index.apply(changes);
  return index;
}

/** As it arrives in another thread. */
function searchedElsewhere(index: SearchIndex, request: SearchRequest): readonly Answer[] {
  return index.search(structuredClone(request), 'e');
}

function compared({ snippet: _snippet, kind: _kind, metadata: _metadata, ...answer }: Answer): NaiveAnswer {
  return answer;
}

test('a search gives what looking at every document gives, at any moment, to the last bit', () => {
  expect(kernel, 'the kernel is built').toBeDefined();
  fc.assert(
    fc.property(writesOf, searchOf, fc.nat(12), (writes, search, at) => {
      const changes = changesOf(writes);
      const index = indexOf(changes);
      for (const moment of [at, undefined]) {
        const request = parseSearch({ ...search, ...(moment === undefined ? {} : { at: moment }) });
        const expected = naiveSearch(replay(changes, moment ?? Infinity), request);
        expect(searchedElsewhere(index, request).map(compared)).toEqual(expected);
      }
    }),
    { numRuns: 1_500 },
  );
});

test('a search at a moment gives what it gave then, whatever was written since', () => {
  fc.assert(
    fc.property(writesOf, searchOf, fc.nat(12), (writes, search, at) => {
      const changes = changesOf(writes);
      const then = indexOf(changes.filter(({ position }) => position <= at));
      const request = parseSearch(search);
      expect(indexOf(changes).search({ ...request, at }, 'e')).toEqual(then.search(request, 'e'));
    }),
  );
});

test('the order of writes, and how they are batched, changes no answer', () => {
  const different = fc.uniqueArray(documentOf, { selector: ({ id }) => id, maxLength: 7 });
  fc.assert(
    fc.property(
      different.chain((writes) =>
        fc.tuple(fc.constant(writes), fc.shuffledSubarray(writes, { minLength: writes.length })),
      ),
      searchOf,
      fc.constantFrom('AUTO', 'DENSE_FIRST', 'SPARSE_FIRST', 'PARALLEL'),
      fc.constantFrom('RECIPROCAL_RANK', 'WEIGHTED_SUM', 'MAX_SCORE', 'LATE_INTERACTION'),
      ([writes, others], search, strategy, fusion) => {
        const request = parseSearch({ ...search, strategy, fusion });
        const [one, other] = [writes, others].map((each) =>
          each.map((write, index) => ({
            kind: 'put' as const,
            position: index + 1,
            document: versionOf(write, 1),
          })),
        );
        const singly = new SearchIndex(kernel === undefined ? {} : { kernel });
        for (const change of other ?? []) singly.apply([change]);
        expect(singly.search(request, 'e')).toEqual(indexOf(one ?? []).search(request, 'e'));
      },
    ),
  );
});

test('the compiled kernel and plain JavaScript give the same answers', () => {
  fc.assert(
    fc.property(writesOf, searchOf, (writes, search) => {
      const changes = changesOf(writes);
      const request = parseSearch(search);
      expect(indexOf(changes, false).search(request, 'e')).toEqual(indexOf(changes).search(request, 'e'));
    }),
  );
});

/** A seeded sequence: the same one each time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32;
}

/** Frequent words and rare ones, as in any language. */
function proseOf(random: () => number, length: number): string {
  return Array.from({ length }, () => `w${Math.floor(400 ** random())}`).join(' ');
}

test('among thousands of versions, where most rows are never scored, answers are the same', () => {
  const random = numbers(7);
  const centres = Array.from({ length: 8 }, () => Array.from({ length: 40 }, () => random() - 0.5));
  const near = (spread: number) =>
    unitVector((centres[Math.floor(random() * 8)] ?? []).map((value) => value + (random() - 0.5) * spread));
  const changes = Array.from({ length: 5_000 }, (_, index): IndexChange => {
    const id = `d${Math.floor(random() * 2_500)}`;
    const position = index + 1;
    if (random() < 0.1) return { kind: 'end', position, id };
    const scope: Scope = random() < 0.2 ? { level: 'session', key: 's' } : { level: 'global' };
    const document = {
      id,
      version: position,
      scope,
      text: proseOf(random, 1 + random() * 60),
      metadata: { part: index % 20 },
      kind: 'code' as const,
    };
    return { kind: 'put', position, document: { ...document, vectors: { e: near(index % 3 === 0 ? 1e-7 : 0.3) } } };
  });
  const index = indexOf(changes);
  for (let each = 0; each < 60; each += 1) {
    const request = parseSearch({
      text: proseOf(random, 1 + random() * 8),
      vector: near(0.2),
      ...(each % 3 === 0 ? { filter: { part: { lt: (each % 20) + 1 } } } : {}),
      ...(each % 2 === 0 ? { at: Math.floor(random() * 5_000) } : {}),
      ...(each % 5 === 0 ? { session: 's' } : {}),
      k: 1 + (each % 12),
      rerankFactor: 1 + (each % 4),
    });
    const expected = naiveSearch(replay(changes, request.at ?? Infinity), request);
    expect(index.search(request, 'e').map(compared)).toEqual(expected);
  }
});

test('a vector of another dimension is refused', () => {
  const index = indexOf(
    changesOf([{ id: 'a', scope: { level: 'global' }, text: 'x', metadata: {}, vector: [1, 0, 0, 0, 1] }]),
  );
  expect(() => index.search(parseSearch({ vector: [1, 2] }), 'e')).toThrow('e has 5 dimensions, not 2');
});

test('metadata comes back as it was, and a filter sees what of it can be compared', () => {
  const metadata = { lang: 'ts', tags: ['a', { deep: 1 }, 2], nested: { lang: 'py' }, none: null };
  const index = new SearchIndex();
  const document = { id: 'a', version: 3, scope: { level: 'global' as const }, text: 'clamp', metadata, vectors: {} };
  index.apply([{ kind: 'put', position: 1, document: { ...document, kind: 'lesson' } }]);
  const searched = (filter: unknown) => index.search(parseSearch({ text: 'clamp', filter }), 'e');
  expect(searched({ lang: 'ts', tags: 2, $kind: 'lesson', $id: 'a', nested: { exists: false } })).toEqual([
    {
      docId: 'a',
      version: 3,
      kind: 'lesson',
      metadata,
      snippet: { text: 'clamp', line: 1, spans: [{ from: 0, to: 5 }] },
      fusedScore: 0.5 / 61,
      denseScore: null,
      sparseScore: expect.closeTo(0.287, 2) as number,
      denseRank: null,
      sparseRank: 1,
    },
  ]);
  expect(searched({ $kind: 'code' })).toEqual([]);
});

test('a change that is refused has changed nothing', () => {
  const document = {
    id: 'a',
    version: 1,
    scope: { level: 'global' as const },
    text: 'clamp',
    metadata: {},
    kind: 'code' as const,
  };
  const put = (position: number, vectors: Readonly<Record<string, Float32Array>>): IndexChange => {
    return { kind: 'put', position, document: { ...document, version: position, vectors } };
  };
  const index = indexOf([put(2, { e: new Float32Array([3, 4]) })]);
  const before = index.search(parseSearch({ text: 'clamp', vector: [3, 4] }), 'e');
  expect(before).toMatchObject([{ docId: 'a', version: 2, denseScore: expect.closeTo(1) as number }]);
  for (const change of [
    put(3, { f: new Float32Array([1, 0]), e: new Float32Array([1, 0, 0]) }),
    put(3, { f: new Float32Array([1, 0]), e: new Float32Array([1, NaN]) }),
    put(3, { e: new Float32Array(20_000).fill(1) }),
    put(1, {}),
    { kind: 'end' as const, position: 1, id: 'a' },
  ])
    expect(() => index.apply([change])).toThrow();
  expect(index.search(parseSearch({ text: 'clamp', vector: [3, 4] }), 'e')).toEqual(before);
  expect(index.search(parseSearch({ vector: [1, 0] }), 'f')).toEqual([]);
});

test('words that all documents have, and a name that objects have already, are found', () => {
  const index = new SearchIndex();
  const metadata = JSON.parse('{"__proto__": "x", "constructor": 1}') as { readonly [key: string]: string };
  const put = (id: string, text: string): IndexChange => {
    const document = { id, version: 1, scope: { level: 'global' as const }, text, metadata, vectors: {} };
    return { kind: 'put', position: 1, document: { ...document, kind: 'text' } };
  };
  index.apply([...Array.from({ length: 300 }, (_, each) => put(`d${each}`, 'all')), put('long', 'all '.repeat(9_999))]);
  const filter = JSON.parse('{"__proto__": "x", "constructor": 1}') as unknown;
  expect(index.search(parseSearch({ text: 'all', filter, k: 400, rerankFactor: 1 }), 'e')).toHaveLength(301);
});

test.each([
  { k1: -1, b: 0.5 },
  { k1: 5, b: 0.5 },
  { k1: 1, b: 1.1 },
  { k1: NaN, b: 0 },
])('BM25 is not made for %j', (bm25) => {
  expect(() => new SearchIndex({ bm25 })).toThrow(RangeError);
});
