import { VltairError } from '@vltair/protocol';

/**
 * The vector of length 1 in the same direction, rounded to f32, made in one order of operations. Values are scaled first, so
 * that neither huge nor tiny ones are lost on the way.
 *
 * @throws VltairError `invalid_argument/vector` for a value that is not finite, and for a vector without a direction
 */
export function unitVector(vector: ArrayLike<number>): Float32Array {
  let largest = 0;
  for (let index = 0; index < vector.length; index += 1) {
    const value: unknown = vector[index];
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw invalid(`the vector has ${String(value)} at ${index}; its values are finite numbers`);
    largest = Math.max(largest, Math.abs(value));
  }
  if (largest === 0) throw invalid('the vector is zero, which has no direction');
  let sum = 0;
  for (let index = 0; index < vector.length; index += 1) {
    const value = (vector[index] ?? 0) / largest;
    sum += value * value;
  }
  const length = Math.sqrt(sum);
  return Float32Array.from(vector, (value) => value / largest / length);
}

/** The product of two vectors in f64, in four sums: the same bits on every machine. */
export function exactDot(left: Float32Array, at: number, right: Float32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = right.length & ~3;
  for (let index = 0; index < whole; index += 4) {
    a += (left[at + index] ?? 0) * (right[index] ?? 0);
    b += (left[at + index + 1] ?? 0) * (right[index + 1] ?? 0);
    c += (left[at + index + 2] ?? 0) * (right[index + 2] ?? 0);
    d += (left[at + index + 3] ?? 0) * (right[index + 3] ?? 0);
  }
  for (let index = whole; index < right.length; index += 1) a += (left[at + index] ?? 0) * (right[index] ?? 0);
  return a + b + (c + d);
}

function invalid(detail: string): VltairError {
  return new VltairError('invalid_argument/vector', { detail });
}
