import '../kernel/web-assembly.ts';
import { MOST_PAGES, scanKernel, type ScanKernel } from '../kernel/scan-kernel.ts';
import { quantise } from './quantise.ts';
import { Sieve } from './sieve.ts';
import { exactDot } from './unit-vector.ts';

/** Vectors that are scored at a time: their products fit into the nearest cache. */
const BLOCK = 1_024;
const LANES = 16;
const PAGE_BYTES = 65_536;

interface Block {
  readonly at: number;
  readonly scales: Float32Array;
  readonly errors: Float32Array;
}

/** Which rows a scan may give. */
export interface RowFilter {
  /** Whether a row may be given. */
  has(row: number): boolean;
  /** Those that may be given, in ascending order, where they are few; absent: most of them may. */
  readonly few?: Int32Array;
}

/**
 * Vectors of one embedder, and the exact scan over them: byte codes give each row an upper bound of its score, and only rows
 * whose bound reaches what the best are known to have are scored in full. What is given is what scoring all rows would give.
 *
 * V1 Vectors have length 1; a score is their product in f64 ({@link exactDot}).
 * V2 A bound is never below the score (quantise.ts).
 */
export class DenseSpace {
  readonly dimension: number;
  readonly #stride: number;
  readonly #memory: WebAssembly.Memory;
  readonly #kernel: ScanKernel;
  /** The row of each vector, ascending. */
  #rows = new Int32Array(BLOCK);
  readonly #vectors: Float32Array[] = [];
  #count = 0;
  readonly #query: number;
  readonly #dots: number;
  readonly #places: number;
  readonly #list: number;
  readonly #blocks: number;
  readonly #blockBytes: number;

  constructor(dimension: number, module: WebAssembly.Module | undefined) {
    this.dimension = dimension;
    this.#stride = Math.ceil(dimension / LANES) * LANES;
    this.#query = 0;
    this.#dots = this.#query + this.#stride * 2;
    this.#places = this.#dots + BLOCK * 4;
    this.#list = this.#places + BLOCK * 4;
    this.#blocks = this.#list + BLOCK * 4;
    this.#blockBytes = BLOCK * (this.#stride + 4 + 4);
    const initial = Math.ceil((this.#blocks + this.#blockBytes) / PAGE_BYTES);
    this.#memory = new WebAssembly.Memory({ initial, maximum: MOST_PAGES, shared: true });
    this.#kernel = scanKernel(this.#memory, module);
  }

  get count(): number {
    return this.#count;
  }

  /** Adds the vector, of length 1, of a row that is greater than all before it. */
  add(row: number, vector: Float32Array): void {
    const [block, place] = [Math.floor(this.#count / BLOCK), this.#count % BLOCK];
    if (place === 0) this.#makeBlock(block);
    this.#vectors[block]?.set(vector, place * this.dimension);
    const { at, scales, errors } = this.#blockAt(block * BLOCK);
    const codes = new Int8Array(this.#memory.buffer, at + place * this.#stride, this.#stride);
    const { scale, error } = quantise(vector, codes);
    scales[place] = scale;
    errors[place] = error;
    this.#rows[this.#count] = row;
    this.#count += 1;
  }

  /** Offers every row that may be among the `limit` best, with its score. */
  scan(query: Float32Array, limit: number, filter: RowFilter, offer: (row: number, score: number) => void): void {
    const codes = new Int16Array(this.#memory.buffer, this.#query, this.#stride);
    const sieve = new Sieve(quantise(query, codes), limit);
    if (filter.few === undefined) this.#scanAll(filter, sieve);
    else this.#scanFew(filter.few, sieve);
    for (const index of sieve.left()) offer(this.#rows[index] ?? 0, this.#score(index, query));
  }

  /** The score of one row; `undefined` when it has no vector here. */
  scoreOf(row: number, query: Float32Array): number | undefined {
    const index = this.#firstFrom(row, 0);
    return index < this.#count && this.#rows[index] === row ? this.#score(index, query) : undefined;
  }

  #scanAll(filter: RowFilter, sieve: Sieve): void {
    for (let first = 0; first < this.#count; first += BLOCK) {
      const block = this.#blockAt(first);
      const count = Math.min(BLOCK, this.#count - first);
      this.#kernel.dotAll(block.at, this.#stride, count, this.#query, this.#dots);
      const found = this.#kernel.reaching(
        this.#dots,
        block.at + BLOCK * this.#stride,
        block.at + BLOCK * (this.#stride + 4),
        count,
        sieve.query.scale,
        1 + sieve.query.error,
        sieve.least,
        this.#places,
      );
      const dots = new Int32Array(this.#memory.buffer, this.#dots, BLOCK);
      for (const place of new Int32Array(this.#memory.buffer, this.#places, found))
        if (place < count && filter.has(this.#rows[first + place] ?? 0))
          sieve.take(first + place, dots[place] ?? 0, block.scales[place] ?? 0, block.errors[place] ?? 0);
    }
  }

  #scanFew(few: Int32Array, sieve: Sieve): void {
    const list = new Int32Array(this.#memory.buffer, this.#list, BLOCK);
    let [next, index] = [0, 0];
    while (next < few.length) {
      index = this.#firstFrom(few[next] ?? 0, index);
      if (index >= this.#count) return;
      const first = index - (index % BLOCK);
      let wanted = 0;
      for (; next < few.length; next += 1) {
        index = this.#firstFrom(few[next] ?? 0, index);
        if (index >= first + BLOCK || index >= this.#count) break;
        if (this.#rows[index] === few[next]) list[wanted++] = index - first;
      }
      this.#scanListed(first, list.subarray(0, wanted), sieve);
    }
  }

  #scanListed(first: number, list: Int32Array, sieve: Sieve): void {
    const block = this.#blockAt(first);
    this.#kernel.dotSome(block.at, this.#stride, this.#list, list.length, this.#query, this.#dots);
    const dots = new Int32Array(this.#memory.buffer, this.#dots, list.length);
    for (const [each, place] of list.entries())
      sieve.take(first + place, dots[each] ?? 0, block.scales[place] ?? 0, block.errors[place] ?? 0);
  }

  #blockAt(first: number): Block {
    const at = this.#blocks + (first / BLOCK) * this.#blockBytes;
    const { buffer } = this.#memory;
    return {
      at,
      scales: new Float32Array(buffer, at + BLOCK * this.#stride, BLOCK),
      errors: new Float32Array(buffer, at + BLOCK * (this.#stride + 4), BLOCK),
    };
  }

  #score(index: number, query: Float32Array): number {
    const vectors = this.#vectors[Math.floor(index / BLOCK)];
    return vectors === undefined ? 0 : exactDot(vectors, (index % BLOCK) * this.dimension, query);
  }

  /** The first vector from `low` on whose row is not smaller, by doubling steps. */
  #firstFrom(row: number, low: number): number {
    let [from, step] = [low, 1];
    while (from + step < this.#count && (this.#rows[from + step] ?? 0) < row) {
      from += step;
      step *= 2;
    }
    let to = Math.min(from + step, this.#count);
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#rows[middle] ?? 0) < row) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  #makeBlock(block: number): void {
    this.#vectors[block] = new Float32Array(new SharedArrayBuffer(BLOCK * this.dimension * 4));
    const end = this.#blocks + (block + 1) * this.#blockBytes;
    const missing = Math.ceil(end / PAGE_BYTES) - this.#memory.buffer.byteLength / PAGE_BYTES;
    if (missing > 0) this.#memory.grow(missing);
    if (this.#rows.length < (block + 1) * BLOCK) {
      const rows = new Int32Array(this.#rows.length * 2);
      rows.set(this.#rows);
      this.#rows = rows;
    }
  }
}
