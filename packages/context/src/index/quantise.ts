const MOST = 127;
/** More than what rounding to f32 takes from a scale, an error or a sum of them, for vectors of length 1. */
const SLACK = 1e-6;

/** A vector of length 1 in bytes: `scale * code` differs from it by a vector of length `error` at most. */
export interface Quantised {
  readonly scale: number;
  readonly error: number;
}

/** Writes the codes of a vector into `codes`, whose end stays as it is. The operations are exact or rounded in one order. */
export function quantise(vector: Float32Array, codes: Int8Array | Int16Array): Quantised {
  let largest = 0;
  for (const value of vector) largest = Math.max(largest, Math.abs(value));
  const scale = Math.fround(largest / MOST);
  let sum = 0;
  for (let index = 0; index < vector.length; index += 1) {
    const value = vector[index] ?? 0;
    const code = scale === 0 ? 0 : Math.min(MOST, Math.max(-MOST, Math.floor(value / scale + 0.5)));
    codes[index] = code;
    const rest = value - code * scale;
    sum += rest * rest;
  }
  return { scale, error: Math.fround(Math.sqrt(sum) * (1 + SLACK) + SLACK) };
}

/**
 * How far the product of two vectors of length 1 may lie from the product of their codes, by the errors of both:
 * <v, q> = <sc, tq> + <sc, e> + <f, q> with |sc| <= 1 + f and |q| = 1 gives f * (1 + e) + e.
 */
export function spreadOf(error: number, queryError: number): number {
  return error * (1 + queryError) + queryError + SLACK;
}
