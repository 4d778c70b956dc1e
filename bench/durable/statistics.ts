/** What the rounds of one figure came to. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @throws RangeError for no numbers at all. */
export function spreadOf(numbers: readonly number[]): Spread {
  const ordered = ascending(numbers);
  const [min, max] = [ordered[0], ordered.at(-1)];
  if (min === undefined || max === undefined) throw new RangeError('no numbers have no spread');
  return { median: median(ordered), min, max };
}

/** The middle number, or the mean of the middle two; 0 of none. */
export function median(numbers: readonly number[]): number {
  const ordered = ascending(numbers);
  const middle = Math.floor(ordered.length / 2);
  const upper = ordered[middle] ?? 0;
  return ordered.length % 2 === 1 ? upper : ((ordered[middle - 1] ?? 0) + upper) / 2;
}

/** The smallest number that at least the share `q` of all numbers does not exceed; 0 of none. */
export function quantile(numbers: readonly number[], q: number): number {
  const ordered = ascending(numbers);
  return ordered[Math.max(0, Math.ceil(ordered.length * q) - 1)] ?? 0;
}

/** Three digits are what a measurement on a shared machine can mean. */
export function roundFigure(value: number): number {
  return Number(value.toPrecision(3));
}

function ascending(numbers: readonly number[]): readonly number[] {
  return numbers.toSorted((left, right) => left - right);
}
