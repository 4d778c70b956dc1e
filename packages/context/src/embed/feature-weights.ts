const SMALLEST = 1024;
/** Tables beyond this are let go after use. */
const KEPT = 1 << 16;

/**
 * How much each feature of one text weighs: an open-addressing table from the hash of a feature to its place in order of
 * first occurrence. Reused from text to text, because a fresh one per text costs more than its hashing.
 */
export class FeatureWeights {
  #slots = new Int32Array(SMALLEST);
  #hashes = new Int32Array(SMALLEST / 2);
  /** Of the weights of each occurrence; whole numbers, so that no order of adding rounds otherwise. */
  #squares = new Float64Array(SMALLEST / 2);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  clear(): void {
    if (this.#slots.length > KEPT) this.#allocate(SMALLEST);
    else this.#slots.fill(0);
    this.#size = 0;
  }

  /** One occurrence. The weight is a whole number. */
  add(hash: number, weight: number): void {
    const slot = this.#slotOf(hash);
    const place = (this.#slots[slot] ?? 0) - 1;
    if (place >= 0) this.#squares[place] = (this.#squares[place] ?? 0) + weight * weight;
    else this.#insert(slot, hash, weight);
  }

  hashAt(place: number): number {
    return this.#hashes[place] ?? 0;
  }

  /** Grows with the square root of the occurrences, which every engine rounds alike. */
  weightAt(place: number): number {
    return Math.sqrt(this.#squares[place] ?? 0);
  }

  /** The slot that holds the hash, or the empty one where it belongs. */
  #slotOf(hash: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const place = (this.#slots[slot] ?? 0) - 1;
      if (place < 0 || this.#hashes[place] === hash) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #insert(slot: number, hash: number, weight: number): void {
    if (this.#size === this.#hashes.length) {
      this.#grow();
      this.#insert(this.#slotOf(hash), hash, weight);
      return;
    }
    this.#hashes[this.#size] = hash;
    this.#squares[this.#size] = weight * weight;
    this.#size += 1;
    this.#slots[slot] = this.#size;
  }

  #grow(): void {
    const [hashes, squares] = [this.#hashes, this.#squares];
    this.#allocate(this.#slots.length * 2);
    this.#hashes.set(hashes);
    this.#squares.set(squares);
    for (let place = 0; place < this.#size; place += 1) this.#slots[this.#slotOf(this.hashAt(place))] = place + 1;
  }

  /** Half of the slots stay empty, so that a search ends soon. */
  #allocate(slots: number): void {
    this.#slots = new Int32Array(slots);
    this.#hashes = new Int32Array(slots / 2);
    this.#squares = new Float64Array(slots / 2);
  }
}
