/** Different values in their order. What was added since somebody asked last is put in its place then. */
export class OrderedValues<T extends number | string> {
  #sorted: T[] = [];
  #added: T[] = [];

  /** Adds a value that is not there yet. */
  add(value: T): void {
    this.#added.push(value);
  }

  /** Those that are greater, or smaller, than that one. */
  of(op: Order, value: T): readonly T[] {
    const sorted = this.#inOrder();
    const split = firstPlace(sorted, (held) => (op === 'gt' || op === 'lte' ? held > value : held >= value));
    return op === 'gt' || op === 'gte' ? sorted.slice(split) : sorted.slice(0, split);
  }

  #inOrder(): readonly T[] {
    if (this.#added.length === 0) return this.#sorted;
    const added = this.#added.sort((a, b) => (a < b ? -1 : 1));
    const merged: T[] = [];
    let next = 0;
    for (const held of this.#sorted) {
      for (let each = added[next]; each !== undefined && each < held; each = added[next]) {
        merged.push(each);
        next += 1;
      }
      merged.push(held);
    }
    this.#sorted = merged.concat(added.slice(next));
    this.#added = [];
    return this.#sorted;
  }
}

export type Order = 'gt' | 'gte' | 'lt' | 'lte';

function firstPlace<T>(sorted: readonly T[], isThere: (value: T) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const held = sorted[middle];
    if (held !== undefined && isThere(held)) high = middle;
    else low = middle + 1;
  }
  return low;
}
