import type { Scored } from './best-rows.ts';

/** The rows of one leg of a search, best first. */
export class Leg {
  readonly rows: readonly number[];
  readonly #places: ReadonlyMap<number, { readonly rank: number; readonly score: number }>;

  constructor(ranked: readonly Scored[]) {
    this.rows = ranked.map(({ row }) => row);
    this.#places = new Map(ranked.map(({ row, score }, index) => [row, { rank: index + 1, score }]));
  }

  scoreOf(row: number): number | undefined {
    return this.#places.get(row)?.score;
  }

  /** From 1. */
  rankOf(row: number): number | undefined {
    return this.#places.get(row)?.rank;
  }
}
