import type { Random } from '../../bench/planting/seeded-random.ts';

/** A whole number from the least to the most. */
export function between([least, most]: readonly [number, number], random: Random): number {
  return Math.round(least + random() * (most - least));
}

/** One of the list; `undefined` of an empty one. */
export function pick<T>(list: readonly T[], random: Random): T | undefined {
  return list[Math.floor(random() * list.length)];
}
