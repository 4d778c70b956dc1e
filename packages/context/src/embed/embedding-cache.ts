/** Vectors that were embedded before. A port: in memory here, durable where a store is. */
export interface EmbeddingCache {
  /** The vectors of the keys, in their order; undefined for those it does not have. They are the caller's to change. */
  get(keys: readonly string[]): Promise<readonly (Float32Array | undefined)[]>;
  /** Keeps copies. A key that is there already has the same vector. */
  put(entries: readonly EmbeddingEntry[]): Promise<void>;
}

export interface EmbeddingEntry {
  readonly key: string;
  readonly vector: Float32Array;
}

/** Keeps the entries that were used last, in memory. */
export class MemoryEmbeddingCache implements EmbeddingCache {
  readonly #capacity: number;
  /** In order of use, the longest unused first. */
  readonly #vectors = new Map<string, Float32Array>();

  /** @param capacity how many vectors; one of 384 elements takes about 1.6 kB. Of zero, nothing is kept. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(keys: readonly string[]): Promise<readonly (Float32Array | undefined)[]> {
    return Promise.resolve(keys.map((key) => this.#use(key)));
  }

  put(entries: readonly EmbeddingEntry[]): Promise<void> {
    for (const { key, vector } of entries) this.#keep(key, vector.slice());
    return Promise.resolve();
  }

  #use(key: string): Float32Array | undefined {
    const vector = this.#vectors.get(key);
    if (vector === undefined) return undefined;
    this.#keep(key, vector);
    return vector.slice();
  }

  #keep(key: string, vector: Float32Array): void {
    this.#vectors.delete(key);
    this.#vectors.set(key, vector);
    for (const oldest of this.#vectors.keys()) {
      if (this.#vectors.size <= this.#capacity) return;
      this.#vectors.delete(oldest);
    }
  }
}
