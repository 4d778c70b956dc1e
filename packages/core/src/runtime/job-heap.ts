/** A binary heap: the item that belongs before all others can be taken at once. */
export class JobHeap<T> {
  readonly #items: T[] = [];
  readonly #isBefore: (left: T, right: T) => boolean;

  constructor(isBefore: (left: T, right: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  insert(item: T): void {
    this.#items.push(item);
    this.#siftUp(this.#items.length - 1);
  }

  takeFirst(): T | undefined {
    const first = this.#items[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  remove(item: T): void {
    const index = this.#items.indexOf(item);
    if (index === -1) return;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#items[index] = last;
    this.#siftUp(index);
    this.#siftDown(index);
  }

  /** Everything, in no order; the heap is empty then. */
  takeAll(): readonly T[] {
    return this.#items.splice(0);
  }

  #siftUp(from: number): void {
    for (let index = from; index > 0;) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfBefore(index, parent)) return;
      index = parent;
    }
  }

  #siftDown(from: number): void {
    for (let index = from; ;) {
      const left = this.#items[2 * index + 1];
      const right = this.#items[2 * index + 2];
      if (left === undefined) return;
      const child = right !== undefined && this.#isBefore(right, left) ? 2 * index + 2 : 2 * index + 1;
      if (!this.#swapIfBefore(child, index)) return;
      index = child;
    }
  }

  /** Swaps when the item at `lower` belongs before the one at `upper`. */
  #swapIfBefore(lower: number, upper: number): boolean {
    const below = this.#items[lower];
    const above = this.#items[upper];
    if (below === undefined || above === undefined || !this.#isBefore(below, above)) return false;
    this.#items[lower] = above;
    this.#items[upper] = below;
    return true;
  }
}
