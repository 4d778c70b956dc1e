import { types } from 'node:util';
import { VltairError } from '@vltair/protocol';

/**
 * The vector that a caller gave, checked: a `Float32Array` or a list of numbers, as long as the dimension says.
 *
 * Always a copy with a buffer of its own, so that a later change of the given value changes nothing here. Numbers of a
 * list are rounded to the nearest 32-bit float; one that is too large for it counts as infinite, and a vector whose
 * elements all round to zero counts as zero.
 *
 * @throws VltairError `invalid_argument/vector` with one fixed sentence for each: another type, another length, an
 *   element that is no number, one that is not finite, all elements zero.
 */
export function vectorOf(value: unknown, dimension: number): Float32Array {
  if (!isVectorLike(value)) throw refused('a vector is a Float32Array or a list of numbers');
  if (value.length !== dimension) throw refused(`expected ${dimension} elements, got ${value.length}`);
  const vector = copied(value);
  if (vector.every((element) => element === 0)) throw refused('all elements are zero');
  return vector;
}

function isVectorLike(value: unknown): value is Float32Array | readonly unknown[] {
  return types.isFloat32Array(value) || Array.isArray(value);
}

function copied(value: Float32Array | readonly unknown[]): Float32Array {
  const vector = new Float32Array(value.length);
  for (let index = 0; index < vector.length; index += 1) {
    const element = value[index];
    if (typeof element !== 'number') throw refused(`element ${index} is no number`);
    vector[index] = element;
    if (!Number.isFinite(vector[index])) throw refused(`element ${index} is not finite as a 32-bit float`);
  }
  return vector;
}

function refused(detail: string): VltairError {
  return new VltairError('invalid_argument/vector', { detail });
}
