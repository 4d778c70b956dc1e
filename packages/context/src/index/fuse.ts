import type { SearchRequest } from '../query/search-request.ts';

/** What is known of a row that a leg has brought. */
export interface Found {
  readonly row: number;
  readonly id: string;
  /** `undefined` where the search has no such leg, or the row nothing for it. */
  readonly denseScore: number | undefined;
  readonly sparseScore: number | undefined;
  /** From 1, among what its leg has brought. */
  readonly denseRank: number | undefined;
  readonly sparseRank: number | undefined;
}

export interface Fused extends Found {
  readonly fusedScore: number;
}

export type FusionSettings = Pick<SearchRequest, 'fusion' | 'rrfK' | 'denseWeight' | 'sparseWeight' | 'k'>;

/**
 * Puts what the legs have found into one order: highest score first, equal ones by id.
 *
 * RECIPROCAL_RANK: sum of weight / (rrfK + rank), Cormack, Clarke and Buettcher 2009. WEIGHTED_SUM and MAX_SCORE: of
 * weight * score, with dense scores brought to 0..1 by (1 + cosine) / 2 and sparse ones by the best one of the search.
 * LATE_INTERACTION is WEIGHTED_SUM where no vectors of single words exist.
 */
export function fuse(found: readonly Found[], settings: FusionSettings): readonly Fused[] {
  const best = found.reduce((most, { sparseScore }) => Math.max(most, sparseScore ?? 0), 0);
  return found
    .map((each) => ({ ...each, fusedScore: scoreOf(each, best, settings) }))
    .toSorted((a, b) => b.fusedScore - a.fusedScore || (a.id < b.id ? -1 : 1))
    .slice(0, settings.k);
}

function scoreOf(found: Found, bestSparse: number, settings: FusionSettings): number {
  const { fusion, rrfK, denseWeight, sparseWeight } = settings;
  const { denseRank, sparseRank, denseScore, sparseScore } = found;
  if (fusion === 'RECIPROCAL_RANK') return share(denseWeight, rrfK, denseRank) + share(sparseWeight, rrfK, sparseRank);
  const dense = denseScore === undefined ? 0 : denseWeight * ((1 + denseScore) / 2);
  const sparse = sparseScore === undefined || bestSparse === 0 ? 0 : sparseWeight * (sparseScore / bestSparse);
  return fusion === 'MAX_SCORE' ? Math.max(dense, sparse) : dense + sparse;
}

function share(weight: number, rrfK: number, rank: number | undefined): number {
  return rank === undefined ? 0 : weight / (rrfK + rank);
}
