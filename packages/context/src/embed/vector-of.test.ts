import { VltairError } from '@vltair/protocol';
import { expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { vectorOf } from './vector-of.ts';

test('a Float32Array is copied: a later change of either leaves the other as it was', () => {
  verifies('CE-5');
  const given = Float32Array.of(1, -2, 0.5);
  const vector = vectorOf(given, 3);
  given[0] = 9;
  vector[1] = 8;
  expect([...vector]).toEqual([1, 8, 0.5]);
  expect([...given]).toEqual([9, -2, 0.5]);
});

test('a view into a larger buffer becomes a vector with a buffer of its own', () => {
  const shared = Float32Array.of(7, 1, 2, 7).subarray(1, 3);
  expect(vectorOf(shared, 2).buffer.byteLength).toBe(8);
});

test('a list of numbers is rounded to 32-bit floats', () => {
  verifies('CE-5');
  const vector = vectorOf([0.1, 3], 2);
  expect(vector).toBeInstanceOf(Float32Array);
  expect([...vector]).toEqual([Math.fround(0.1), 3]);
});

test.each([
  [undefined, 'a vector is a Float32Array or a list of numbers'],
  [null, 'a vector is a Float32Array or a list of numbers'],
  ['1,2,3', 'a vector is a Float32Array or a list of numbers'],
  [{ length: 3, 0: 1, 1: 2, 2: 3 }, 'a vector is a Float32Array or a list of numbers'],
  [Float64Array.of(1, 2, 3), 'a vector is a Float32Array or a list of numbers'],
  [Int32Array.of(1, 2, 3), 'a vector is a Float32Array or a list of numbers'],
  [[], 'expected 3 elements, got 0'],
  [[1, 2], 'expected 3 elements, got 2'],
  [Float32Array.of(1, 2, 3, 4), 'expected 3 elements, got 4'],
  [[1, '2', 3], 'element 1 is no number'],
  [[1, 2, null], 'element 2 is no number'],
  [new Array(3), 'element 0 is no number'],
  [[1, 2n, 3], 'element 1 is no number'],
  [[1, Number.NaN, 3], 'element 1 is not finite as a 32-bit float'],
  [Float32Array.of(Number.NaN, 1, 1), 'element 0 is not finite as a 32-bit float'],
  [[1, 2, Number.POSITIVE_INFINITY], 'element 2 is not finite as a 32-bit float'],
  [[1, 2, -1e39], 'element 2 is not finite as a 32-bit float'],
  [[0, -0, 0], 'all elements are zero'],
  [[1e-60, 0, 0], 'all elements are zero'],
])('%# %o is refused: %s', (value, detail) => {
  verifies('CE-5');
  expect(() => vectorOf(value, 3)).toThrow(new VltairError('invalid_argument/vector', { detail }));
  expect(() => vectorOf(value, 3)).toThrow(`The vector cannot be stored or compared: ${detail}`);
});

test('a vector whose buffer was given away is refused by its length', () => {
  const given = Float32Array.of(1, 2, 3);
  structuredClone(given, { transfer: [given.buffer] });
  expect(() => vectorOf(given, 3)).toThrow('expected 3 elements, got 0');
});
