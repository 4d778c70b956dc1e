import { MOST_ROWS } from './postings.ts';

/** Documents and words that are valid at some position. */
export interface Statistics {
  readonly documents: number;
  readonly words: number;
}

/** A version that ends nowhere yet. */
const OPEN = Infinity;

/**
 * Which versions of documents there are, one in each row, and from which position to which each is valid: from the position of
 * the event that made it until that of the one that took its place. Positions never go back.
 */
export class VersionTable {
  readonly #ids: string[] = [];
  #from = new Float64Array(1_024);
  #until = new Float64Array(1_024);
  #words = new Int32Array(1_024);
  /** The row of each document that is there now. */
  readonly #current = new Map<string, number>();
  /** What was valid from each position on at which something has changed. */
  readonly #history: { readonly position: number; readonly documents: number; readonly words: number }[] = [];

  /** Rows, of versions that are valid or were. */
  get count(): number {
    return this.#ids.length;
  }

  /** The newest position at which something has changed. */
  get position(): number {
    return this.#history.at(-1)?.position ?? 0;
  }

  /** The row of a document that is there now. */
  currentOf(id: string): number | undefined {
    return this.#current.get(id);
  }

  idOf(row: number): string {
    return this.#ids[row] ?? '';
  }

  wordsOf(row: number): number {
    return this.#words[row] ?? 0;
  }

  /** The words of each row, for whoever looks at many. */
  get words(): Int32Array {
    return this.#words;
  }

  isValid(row: number, at: number): boolean {
    return (this.#from[row] ?? OPEN) <= at && at < (this.#until[row] ?? 0);
  }

  /** Begins a version; the one before it ends. Gives its row. */
  begin(id: string, words: number, position: number): number {
    this.end(id, position);
    const row = this.#ids.length;
    if (row >= MOST_ROWS) throw new RangeError(`an index has at most ${MOST_ROWS} versions`);
    if (row === this.#from.length) this.#grow();
    this.#ids.push(id);
    this.#from[row] = position;
    this.#until[row] = OPEN;
    this.#words[row] = words;
    this.#current.set(id, row);
    this.#count(position, 1, words);
    return row;
  }

  /** Gives the row of the version that ends; `undefined` when there is no such document. */
  end(id: string, position: number): number | undefined {
    const row = this.#current.get(id);
    if (row === undefined) return undefined;
    this.#current.delete(id);
    this.#until[row] = position;
    this.#count(position, -1, -this.wordsOf(row));
    return row;
  }

  /** What is valid at a position. */
  statisticsAt(position: number): Statistics {
    let [low, high] = [0, this.#history.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#history[middle]?.position ?? 0) <= position) low = middle + 1;
      else high = middle;
    }
    return this.#history[low - 1] ?? { documents: 0, words: 0 };
  }

  #count(position: number, documents: number, words: number): void {
    const last = this.#history.at(-1);
    const next = { position, documents: (last?.documents ?? 0) + documents, words: (last?.words ?? 0) + words };
    if (last !== undefined && position < last.position)
      throw new RangeError(`${position} lies before ${last.position}`);
    if (last?.position === position) this.#history.pop();
    this.#history.push(next);
  }

  #grow(): void {
    const length = Math.ceil(this.#from.length * 1.5);
    const [from, until, words] = [new Float64Array(length), new Float64Array(length), new Int32Array(length)];
    from.set(this.#from);
    until.set(this.#until);
    words.set(this.#words);
    [this.#from, this.#until, this.#words] = [from, until, words];
  }
}
