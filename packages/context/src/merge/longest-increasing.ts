/** Where the values of a longest strictly increasing subsequence stand, in O(n log n); of several, always the same one. */
export function longestIncreasing(values: readonly number[]): readonly number[] {
  const ends: number[] = []; // for each length, where the least value stands that a subsequence of it ends with
  const before: number[] = [];
  for (const [index, value] of values.entries()) {
    const length = lengthBelow(values, ends, value);
    before.push(ends[length - 1] ?? -1);
    ends[length] = index;
  }
  const found: number[] = [];
  for (let index = ends.at(-1) ?? -1; index >= 0; index = before[index] ?? -1) found.push(index);
  return found.reverse();
}

/** The length of the longest subsequence that ends below the value. */
function lengthBelow(values: readonly number[], ends: readonly number[], value: number): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[ends[middle] ?? 0] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
