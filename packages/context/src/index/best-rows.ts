/** The id of a row, which decides between equal scores. */
export type IdOf = (row: number) => string;

/** Whether the row with the first score comes before the other one: higher scores first, then smaller ids (UTF-16 code units). */
function isBefore(score: number, id: string, otherScore: number, otherId: string): boolean {
  return score > otherScore || (score === otherScore && id < otherId);
}

export interface Scored {
  readonly row: number;
  readonly score: number;
}

/** The best rows so far, at most so many: a heap whose first is the worst of them. The order of offers changes nothing. */
export class BestRows {
  readonly #limit: number;
  readonly #idOf: IdOf;
  readonly #rows: number[] = [];
  readonly #scores: number[] = [];

  constructor(limit: number, idOf: IdOf) {
    this.#limit = limit;
    this.#idOf = idOf;
  }

  offer(row: number, score: number): void {
    if (this.#rows.length < this.#limit) {
      this.#rows.push(row);
      this.#scores.push(score);
      this.#rise(this.#rows.length - 1);
    } else if (this.#limit > 0 && this.#beatsFirst(row, score)) {
      this.#rows[0] = row;
      this.#scores[0] = score;
      this.#sink(0);
    }
  }

  /** Best first. */
  sorted(): readonly Scored[] {
    const all = this.#rows.map((row, place) => ({ row, score: this.#scores[place] ?? 0, id: this.#idOf(row) }));
    return all
      .toSorted((a, b) => (isBefore(a.score, a.id, b.score, b.id) ? -1 : 1))
      .map(({ row, score }) => ({ row, score }));
  }

  #beatsFirst(row: number, score: number): boolean {
    const first = this.#scores[0] ?? 0;
    return score > first || (score === first && this.#idOf(row) < this.#idOf(this.#rows[0] ?? 0));
  }

  /** Whether what stands at one place is worse than what stands at another. */
  #isWorse(place: number, other: number): boolean {
    const [score, otherScore] = [this.#scores[place] ?? 0, this.#scores[other] ?? 0];
    if (score !== otherScore) return score < otherScore;
    return this.#idOf(this.#rows[place] ?? 0) > this.#idOf(this.#rows[other] ?? 0);
  }

  #rise(from: number): void {
    for (let place = from; place > 0;) {
      const above = (place - 1) >> 1;
      if (!this.#isWorse(place, above)) return;
      this.#swap(place, above);
      place = above;
    }
  }

  #sink(from: number): void {
    for (let place = from; ;) {
      const left = 2 * place + 1;
      if (left >= this.#rows.length) return;
      const right = left + 1;
      const worse = right < this.#rows.length && this.#isWorse(right, left) ? right : left;
      if (!this.#isWorse(worse, place)) return;
      this.#swap(worse, place);
      place = worse;
    }
  }

  #swap(place: number, other: number): void {
    const [row, score] = [this.#rows[place] ?? 0, this.#scores[place] ?? 0];
    this.#rows[place] = this.#rows[other] ?? 0;
    this.#scores[place] = this.#scores[other] ?? 0;
    this.#rows[other] = row;
    this.#scores[other] = score;
  }
}
