import { expect, test } from 'vitest';
import { FeatureWeights } from './feature-weights.ts';

test('features keep their places while the table grows, and weigh by the square root of their occurrences', () => {
  const weights = new FeatureWeights();
  const hashes = Array.from({ length: 100_000 }, (_, index) => Math.imul(index, 0x9e3779b1));
  for (const hash of [...hashes, ...hashes]) weights.add(hash, 3);
  expect(weights.size).toBe(hashes.length);
  expect([0, 1, 700, 99_999].map((place) => weights.hashAt(place))).toEqual(
    [0, 1, 700, 99_999].map((place) => hashes[place]),
  );
  expect(weights.weightAt(99_999)).toBe(Math.sqrt(18));
});

test('a table that was cleared holds nothing, whether it was large or small', () => {
  const weights = new FeatureWeights();
  for (const count of [10, 100_000, 10]) {
    for (let hash = 0; hash < count; hash += 1) weights.add(hash, 1);
    expect(weights.size).toBe(count);
    expect(weights.weightAt(0)).toBe(1);
    weights.clear();
    expect(weights.size).toBe(0);
  }
});
