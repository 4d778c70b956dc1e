/** Bits of a posting that hold how often the term occurs; the row has the others. */
const COUNT_BITS = 7;
const MOST_COUNT = 2 ** COUNT_BITS - 1;
/** The row of a posting. */
export function rowOf(posting: number): number {
  return posting >>> COUNT_BITS;
}

/** Rows that fit beside a count. */
export const MOST_ROWS = 2 ** (31 - COUNT_BITS);

const FIRST_CAPACITY = 2;
const MOST_CAPACITY = 128;
/** Of a block: the next one, its capacity, and how many postings it has. */
const HEADER = 3;
const [NEXT, CAPACITY, USED] = [0, 1, 2] as const;
const NONE = 0;

/**
 * For each term the rows in which it occurs, ascending, and how often. All of them lie in one array of 32-bit numbers, in
 * blocks that double up to 128 postings: a term that occurs once costs 20 bytes, a frequent one 4 for each row.
 */
export class Postings {
  readonly #terms = new Map<string, number>();
  #data = new Int32Array(1 << 16);
  #end = 1; // address 0 is NONE
  #first = new Int32Array(1_024);
  #last = new Int32Array(1_024);
  /** Counts that do not fit, by row and term. */
  readonly #large = new Map<string, number>();

  /** How many terms there are. */
  get size(): number {
    return this.#terms.size;
  }

  /** Bytes that they take beside the terms themselves. */
  get bytes(): number {
    return (this.#data.length + 2 * this.#first.length) * 4;
  }

  /** The number of a term; `undefined` when no row has it. */
  find(term: string): number | undefined {
    return this.#terms.get(term);
  }

  /** Adds a row that is greater than all before it, and gives the number of the term. */
  add(name: string, row: number, count: number): number {
    const term = this.#terms.get(name) ?? this.#newTerm(name);
    let block = this.#last[term] ?? NONE;
    if (block === NONE || this.#data[block + USED] === this.#data[block + CAPACITY])
      block = this.#newBlock(term, block);
    const used = this.#data[block + USED] ?? 0;
    this.#data[block + HEADER + used] = row * 2 ** COUNT_BITS + Math.min(count, MOST_COUNT);
    this.#data[block + USED] = used + 1;
    if (count >= MOST_COUNT) this.#large.set(`${row} ${term}`, count);
    return term;
  }

  /** The postings of a term, ascending by row, in pieces. */
  *pieces(term: number): Generator<Int32Array, void, undefined> {
    const data = this.#data;
    for (let block = this.#first[term] ?? NONE; block !== NONE; block = data[block + NEXT] ?? NONE)
      yield data.subarray(block + HEADER, block + HEADER + (data[block + USED] ?? 0));
  }

  /** How often the term occurs in the row of a posting. */
  occurrences(posting: number, term: number): number {
    const count = posting & MOST_COUNT;
    return count === MOST_COUNT ? (this.#large.get(`${posting >>> COUNT_BITS} ${term}`) ?? count) : count;
  }

  #newTerm(name: string): number {
    const term = this.#terms.size;
    this.#terms.set(name, term);
    if (term === this.#first.length) {
      this.#first = grown(this.#first, term + 1);
      this.#last = grown(this.#last, term + 1);
    }
    return term;
  }

  #newBlock(term: number, before: number): number {
    const capacity =
      before === NONE ? FIRST_CAPACITY : Math.min(MOST_CAPACITY, 2 * (this.#data[before + CAPACITY] ?? 0));
    const block = this.#end;
    this.#end += HEADER + capacity;
    if (this.#end > this.#data.length) this.#data = grown(this.#data, this.#end);
    this.#data[block + CAPACITY] = capacity;
    if (before === NONE) this.#first[term] = block;
    else this.#data[before + NEXT] = block;
    this.#last[term] = block;
    return block;
  }
}

function grown(array: Int32Array<ArrayBuffer>, least: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(least, Math.ceil(array.length * 1.5)));
  larger.set(array);
  return larger;
}
