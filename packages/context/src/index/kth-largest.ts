/** The k-th largest of the numbers so far: a heap of k numbers whose first is the least. */
export class KthLargest {
  readonly #heap: Float64Array;
  #size = 0;

  constructor(k: number) {
    this.#heap = new Float64Array(k);
  }

  /** `-Infinity` while there are fewer. */
  get value(): number {
    return this.#size < this.#heap.length ? -Infinity : (this.#heap[0] ?? -Infinity);
  }

  offer(value: number): void {
    if (this.#size < this.#heap.length) this.#rise(value);
    else if (value > (this.#heap[0] ?? Infinity)) this.#sink(value);
  }

  #rise(value: number): void {
    let place = this.#size;
    this.#size += 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = this.#heap[above] ?? 0;
      if (other <= value) break;
      this.#heap[place] = other;
      place = above;
    }
    this.#heap[place] = value;
  }

  #sink(value: number): void {
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= this.#size) break;
      if (below + 1 < this.#size && (this.#heap[below + 1] ?? 0) < (this.#heap[below] ?? 0)) below += 1;
      const other = this.#heap[below] ?? 0;
      if (other >= value) break;
      this.#heap[place] = other;
      place = below;
    }
    this.#heap[place] = value;
  }
}
