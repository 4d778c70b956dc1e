import { naturalLog } from './natural-log.ts';
import { KthLargest } from './kth-largest.ts';
import { Postings, rowOf } from './postings.ts';
import { tokenise } from './tokenise.ts';
import type { VersionTable } from './version-table.ts';

/** Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond". */
export interface Bm25 {
  /** How soon another occurrence counts for nothing; from 0 on, 1.2 usually. */
  readonly k1: number;
  /** How much longer documents count less: 0 not at all, 1 in proportion; 0.75 usually. */
  readonly b: number;
}

export const DEFAULT_BM25: Bm25 = { k1: 1.2, b: 0.75 };

/**
 * Shares of a score are rounded to multiples of 1 / SCALE and summed as whole numbers: no order of additions changes a sum.
 * A query has so few words that none reaches 2 ** 53.
 */
const SCALE = 2 ** 32;
/** Words of a query, each as often as it has it, that are looked for. */
const MOST_QUERY_WORDS = 16_384;

export interface LexicalScan {
  /** The position that is asked for. */
  readonly at: number;
  readonly limit: number;
  readonly bm25: Bm25;
  /** Whether a row may be given. */
  readonly isAllowed: (row: number) => boolean;
}

/** How the share of a term falls with the words of a document. */
interface Curve {
  readonly fixed: number;
  readonly perWord: number;
}

/** A term of a query that some document has. */
interface QueryTerm {
  readonly term: number;
  /** What its weight is multiplied with: how often the query has it, and how few documents do. */
  readonly weight: number;
  /** No document gets more of it, in whole shares. */
  readonly most: number;
}

/**
 * Scores documents by the words of a query:
 * sum over terms of times * ln(1 + (N - n + 0.5) / (n + 0.5)) * f * (k1 + 1) / (f + k1 * (1 - b + b * words / mean)),
 * with N documents, n of them with the term, f occurrences in the one that is scored.
 *
 * L1 N, n and the mean are those of the position that is asked for.
 * L2 Neither the order of writes nor that of terms changes a score.
 * L3 What is left out cannot be among the best: the terms that are left could not lift it to the worst of them.
 */
export class LexicalIndex {
  readonly #versions: VersionTable;
  readonly #postings = new Postings();
  /** For each term, the documents that are there now and have it. */
  #documents = new Int32Array(1_024);
  #sums = new Float64Array(1_024);

  constructor(versions: VersionTable) {
    this.#versions = versions;
  }

  get bytes(): number {
    return this.#postings.bytes + this.#documents.byteLength + this.#sums.byteLength;
  }

  /** Adds the words of a row that is greater than all before it. */
  add(row: number, tokens: readonly string[]): void {
    for (const [name, count] of countsOf(tokens)) {
      const term = this.#postings.add(name, row, count);
      if (term >= this.#documents.length) this.#documents = resized(this.#documents, term);
      this.#documents[term] = (this.#documents[term] ?? 0) + 1;
    }
  }

  /** The document of these words is there no more. */
  end(tokens: readonly string[]): void {
    for (const name of new Set(tokens)) {
      const term = this.#postings.find(name);
      if (term !== undefined) this.#documents[term] = (this.#documents[term] ?? 0) - 1;
    }
  }

  /** Offers every row that may be among the `limit` best of those that are allowed at a position, with its score. */
  best(query: string, { at, limit, bm25, isAllowed }: LexicalScan, offer: (row: number, score: number) => void): void {
    const terms = this.#termsOf(query, at, bm25);
    const sums = this.#emptySums();
    const curve = this.#curveAt(at, bm25);
    let rows: number[] = [];
    let [met, rest, least] = [0, terms.reduce((sum, { most }) => sum + most, 0), -Infinity];
    for (const [index, term] of terms.entries()) {
      if (least <= rest) this.#addAll(term, curve, isAllowed, rows, sums);
      else this.#addTo(term, curve, rows, sums);
      rest -= term.most;
      met += term.most;
      if (index === terms.length - 1 || met <= rest) continue; // no row can have more than the terms that are left
      least = leastOfBest(rows, sums, limit);
      if (least > rest) rows = this.#hopeful(rows, sums, least - rest);
    }
    for (const row of rows) {
      offer(row, (sums[row] ?? 0) / SCALE);
      sums[row] = 0;
    }
  }

  /** The scores of rows that are valid there. */
  scoresOf(
    rows: readonly number[],
    query: string,
    { at, bm25 }: Pick<LexicalScan, 'at' | 'bm25'>,
  ): ReadonlyMap<number, number> {
    const sums = this.#emptySums();
    const curve = this.#curveAt(at, bm25);
    const ascending = rows.toSorted((x, y) => x - y);
    for (const term of this.#termsOf(query, at, bm25)) this.#addTo(term, curve, ascending, sums);
    const scores = new Map(ascending.map((row) => [row, (sums[row] ?? 0) / SCALE]));
    for (const row of ascending) sums[row] = 0;
    return scores;
  }

  /** Those with the most weight first: they are few documents'. */
  #termsOf(query: string, at: number, { k1 }: Bm25): readonly QueryTerm[] {
    const { documents } = this.#versions.statisticsAt(at);
    const terms: QueryTerm[] = [];
    for (const [name, times] of countsOf(tokenise(query).slice(0, MOST_QUERY_WORDS))) {
      const term = this.#postings.find(name);
      if (term === undefined) continue;
      const holders = this.#holdersOf(term, at);
      if (holders === 0) continue;
      const weight = times * naturalLog(1 + (documents - holders + 0.5) / (holders + 0.5)) * (k1 + 1);
      terms.push({ term, weight, most: Math.ceil(weight * SCALE) });
    }
    return terms.toSorted((x, y) => y.weight - x.weight || x.term - y.term);
  }

  #curveAt(at: number, { k1, b }: Bm25): Curve {
    const { documents, words } = this.#versions.statisticsAt(at);
    return { fixed: k1 * (1 - b), perWord: words === 0 ? 0 : (k1 * b * documents) / words };
  }

  #emptySums(): Float64Array {
    if (this.#sums.length < this.#versions.count) this.#sums = new Float64Array(Math.ceil(this.#versions.count * 1.5));
    return this.#sums;
  }

  /** Adds the share of a term to every row that has it. Rows that are met first are put behind the others. */
  #addAll(
    { term, weight }: QueryTerm,
    { fixed, perWord }: Curve,
    isAllowed: (row: number) => boolean,
    rows: number[],
    sums: Float64Array,
  ): void {
    const { words } = this.#versions;
    for (const piece of this.#postings.pieces(term)) {
      for (let index = 0; index < piece.length; index += 1) {
        const posting = piece[index] ?? 0;
        const row = rowOf(posting);
        const sum = sums[row] ?? 0;
        if (sum === 0) {
          if (!isAllowed(row)) continue;
          rows.push(row);
        }
        const count = this.#postings.occurrences(posting, term);
        sums[row] = sum + shareOf(weight, count, fixed + perWord * (words[row] ?? 0));
      }
    }
  }

  /** Adds the share of a term to these rows alone, which ascend. */
  #addTo({ term, weight }: QueryTerm, { fixed, perWord }: Curve, rows: readonly number[], sums: Float64Array): void {
    const { words } = this.#versions;
    let next = 0;
    for (const piece of this.#postings.pieces(term)) {
      const last = rowOf(piece[piece.length - 1] ?? 0);
      for (let at = 0; next < rows.length && (rows[next] ?? 0) <= last; next += 1) {
        const row = rows[next] ?? 0;
        at = placeFrom(piece, row, at);
        const posting = piece[at] ?? 0;
        if (rowOf(posting) !== row) continue;
        const count = this.#postings.occurrences(posting, term);
        sums[row] = (sums[row] ?? 0) + shareOf(weight, count, fixed + perWord * (words[row] ?? 0));
      }
      if (next >= rows.length) return;
    }
  }

  /** L3. Those that may still be among the best, ascending. */
  #hopeful(rows: readonly number[], sums: Float64Array, least: number): number[] {
    const hopeful: number[] = [];
    for (const row of rows) {
      if ((sums[row] ?? 0) >= least) hopeful.push(row);
      else sums[row] = 0;
    }
    return hopeful.sort((x, y) => x - y);
  }

  /** L1. */
  #holdersOf(term: number, at: number): number {
    if (at >= this.#versions.position) return this.#documents[term] ?? 0;
    let holders = 0;
    for (const piece of this.#postings.pieces(term))
      for (const posting of piece) if (this.#versions.isValid(rowOf(posting), at)) holders += 1;
    return holders;
  }
}

/** The share of a term in a score, in whole numbers; whoever has the term has at least one. */
function shareOf(weight: number, count: number, damping: number): number {
  return Math.max(1, Math.floor(((weight * count) / (count + damping)) * SCALE + 0.5));
}

/** What the worst of the best has, of those that have been met. */
function leastOfBest(rows: readonly number[], sums: Float64Array, limit: number): number {
  const best = new KthLargest(limit);
  for (const row of rows) best.offer(sums[row] ?? 0);
  return best.value;
}

/** The first place, not before `from`, whose row is not smaller; the last one when there is none. */
function placeFrom(piece: Int32Array, row: number, from: number): number {
  let [low, high] = [from, piece.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rowOf(piece[middle] ?? 0) < row) low = middle + 1;
    else high = middle;
  }
  return low;
}

function countsOf(tokens: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}

function resized(array: Int32Array<ArrayBuffer>, index: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(index + 1, Math.ceil(array.length * 1.5)));
  larger.set(array);
  return larger;
}
