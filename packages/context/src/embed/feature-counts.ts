const SMALLEST = 1024;
/** Tables beyond this are let go after use. */
const KEPT = 1 << 16;

/**
 * How often each feature of one text occurs: an open-addressing table from the hash of a feature to its place in order of
 * first occurrence. Reused from text to text, because a fresh one per text costs more than its hashing.
 */
export class FeatureCounts {
  #slots = new Int32Array(SMALLEST);
  #hashes = new Int32Array(SMALLEST / 2);
  #weights = new Float64Array(SMALLEST / 2);
  #counts = new Int32Array(SMALLEST / 2);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  clear(): void {
    if (this.#slots.length > KEPT) this.#allocate(SMALLEST);
    else this.#slots.fill(0);
    this.#size = 0;
  }

  /** The weight of a feature is that of its first occurrence; equal features have equal weights. */
  add(hash: number, weight: number): void {
    const slot = this.#slotOf(hash);
    const place = (this.#slots[slot] ?? 0) - 1;
    if (place >= 0) this.#counts[place] = (this.#counts[place] ?? 0) + 1;
    else this.#insert(slot, hash, weight);
  }

  hashAt(place: number): number {
    return this.#hashes[place] ?? 0;
  }

  /** The weight grows with the square root of the count, which every engine rounds alike. */
  weightAt(place: number): number {
    return (this.#weights[place] ?? 0) * Math.sqrt(this.#counts[place] ?? 0);
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
    this.#weights[this.#size] = weight;
    this.#counts[this.#size] = 1;
    this.#size += 1;
    this.#slots[slot] = this.#size;
  }

  #grow(): void {
    const [hashes, weights, counts] = [this.#hashes, this.#weights, this.#counts];
    this.#allocate(this.#slots.length * 2);
    this.#hashes.set(hashes);
    this.#weights.set(weights);
    this.#counts.set(counts);
    for (let place = 0; place < this.#size; place += 1) this.#slots[this.#slotOf(this.hashAt(place))] = place + 1;
  }

  /** Half of the slots stay empty, so that a search ends soon. */
  #allocate(slots: number): void {
    this.#slots = new Int32Array(slots);
    this.#hashes = new Int32Array(slots / 2);
    this.#weights = new Float64Array(slots / 2);
    this.#counts = new Int32Array(slots / 2);
  }
}
