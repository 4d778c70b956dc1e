import { expect, test } from 'vitest';
import { loadKernel } from '../kernel/load-kernel.ts';
import { BestRows } from './best-rows.ts';
import { DenseSpace } from './dense-space.ts';
import { exactDot, unitVector } from './unit-vector.ts';

const DIMENSION = 100;
const ROWS = 4_000;
const idOf = (row: number): string => String(row).padStart(6, '0');

/** A seeded sequence around 0: the same one each time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32 - 0.5;
}

const vector = (random: () => number, size: number) => Array.from({ length: DIMENSION }, () => random() * size);
const moved = (centre: readonly number[], random: () => number, by: number) =>
  centre.map((value) => value + random() * by);

const hard: Readonly<Record<string, (random: () => number) => (row: number) => readonly number[]>> = {
  'scattered vectors': (random) => () => vector(random, 1),
  'vectors nearer to each other than their codes can tell': (random) => {
    const centre = vector(random, 1);
    return () => moved(centre, random, 1e-5);
  },
  'vectors that are equal': (random) => {
    const centre = vector(random, 1);
    return () => centre;
  },
  'better ones the later they come': (random) => {
    const [centre, far] = [vector(random, 1), vector(random, 1)];
    return (row) => centre.map((value, index) => value * row + (far[index] ?? 0) * (ROWS - row));
  },
  'vectors of huge and tiny length, with one value that hides the others': (random) => (row) =>
    vector(random, row % 2 === 0 ? 1e300 : 1e-300).map((value, index) => (index === row % 7 ? value * 1e6 : value)),
};

const limits = [1, 10, 300];
const lists = [undefined, Int32Array.from({ length: ROWS }, (_, index) => index * 2 + (index % 3 === 0 ? 1 : 0))];
const asked = limits.flatMap((limit) => lists.map((few) => ({ limit, few })));

test.each(Object.entries(hard))('a scan gives what scoring every row gives: %s', (_, make) => {
  const random = numbers(5);
  const vectorAt = make(random);
  const vectors = Array.from({ length: ROWS }, (_each, row) => unitVector(vectorAt(row)));
  for (const kernel of [loadKernel(), undefined]) {
    const space = new DenseSpace(DIMENSION, kernel);
    for (const [row, each] of vectors.entries()) space.add(row * 2, each);
    for (const { limit, few } of asked) {
      const query = unitVector(moved([...(vectors[ROWS - 7] ?? [])], random, 1e-4));
      const isAsked = (row: number): boolean => few === undefined || few.includes(row);
      const scanned = new BestRows(limit, idOf);
      const filter = { has: isAsked, ...(few === undefined ? {} : { few }) };
      space.scan(query, limit, filter, (row, score) => scanned.offer(row, score));
      expect(scanned.sorted()).toEqual(bruteForce(vectors, query, limit, isAsked));
    }
  }
});

function bruteForce(
  vectors: readonly Float32Array[],
  query: Float32Array,
  limit: number,
  isAsked: (row: number) => boolean,
): ReturnType<BestRows['sorted']> {
  const best = new BestRows(limit, idOf);
  for (const [index, each] of vectors.entries())
    if (isAsked(index * 2)) best.offer(index * 2, exactDot(each, 0, query));
  return best.sorted();
}

test('of many rows few are scored in full', () => {
  const random = numbers(9);
  const space = new DenseSpace(DIMENSION, loadKernel());
  for (let row = 0; row < ROWS; row += 1) space.add(row, unitVector(vector(random, 1)));
  let scored = 0;
  space.scan(unitVector(vector(random, 1)), 10, { has: () => true }, () => (scored += 1));
  expect(scored).toBeLessThan(ROWS / 20);
});

test.each([
  [[1, NaN], 'the vector has NaN at 1'],
  [[1, undefined] as number[], 'the vector has undefined at 1'],
  [[1, null] as unknown as number[], 'the vector has null at 1'],
  [[Infinity, 1], 'the vector has Infinity at 0'],
  [[0, -0], 'the vector is zero'],
  [[], 'the vector is zero'],
])('%s has no direction', (values, message) => {
  expect(() => unitVector(values)).toThrow(message);
});
