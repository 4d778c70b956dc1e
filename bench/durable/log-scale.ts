/** Positions of values on an axis whose decades are equally long. */
export interface LogScale {
  readonly ticks: readonly number[];
  /** Pixels from the start of the axis; what lies outside is at an end. */
  readonly at: (value: number) => number;
}

/** An axis from the power of ten below the least value to the one above the largest. @throws RangeError without a value above 0. */
export function logScale(values: readonly number[], pixels: number): LogScale {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  if (positive.length === 0) throw new RangeError('a logarithmic axis needs a value above 0');
  const first = Math.floor(Math.log10(Math.min(...positive)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...positive))));
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
  const at = (value: number): number => {
    if (!(value > 0)) return 0;
    const share = (Math.log10(value) - first) / (last - first);
    return Math.min(1, Math.max(0, share)) * pixels;
  };
  return { ticks, at };
}
