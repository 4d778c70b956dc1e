import type { Filter } from '../src/query/filter.ts';
import type { SearchRequest } from '../src/query/search-request.ts';
import type { IndexChange, IndexedVersion } from '../src/index/indexed-version.ts';
import type { Answer } from '../src/index/search-index.ts';
import { fieldsOf } from '../src/index/fields-of.ts';
import { naturalLog } from '../src/index/natural-log.ts';
import { tokenise } from '../src/index/tokenise.ts';
import { exactDot, unitVector } from '../src/index/unit-vector.ts';

/** What an answer is held against. */
export type NaiveAnswer = Omit<Answer, 'snippet' | 'kind' | 'metadata'>;

const [K1, B, SCALE] = [1.2, 0.75, 2 ** 32];

/** The documents that are there after all changes up to a position: nothing but a map. */
export function replay(changes: readonly IndexChange[], at: number): readonly IndexedVersion[] {
  const documents = new Map<string, IndexedVersion>();
  for (const change of changes.filter(({ position }) => position <= at)) {
    if (change.kind === 'end') documents.delete(change.id);
    else documents.set(change.document.id, change.document);
  }
  return [...documents.values()];
}

/** A search as its description says, one document after the other: with `PARALLEL` and `RECIPROCAL_RANK`. */
export function naiveSearch(documents: readonly IndexedVersion[], request: SearchRequest): readonly NaiveAnswer[] {
  const visible = documents.filter((document) => isSeen(document, request) && passes(document, request.filter));
  const limit = request.k * request.rerankFactor;
  const sparse = new Map(request.mode === 'dense' ? [] : bm25(documents, request.text ?? ''));
  const dense = new Map(request.mode === 'sparse' ? [] : products(visible, request.vector));
  const sparseRanks = ranks(visible, sparse, limit);
  const denseRanks = ranks(visible, dense, limit);
  return visible
    .filter(({ id }) => sparseRanks.has(id) || denseRanks.has(id))
    .map(({ id, version }) => ({
      docId: id,
      version,
      fusedScore:
        share(request.denseWeight, request.rrfK, denseRanks.get(id)) +
        share(request.sparseWeight, request.rrfK, sparseRanks.get(id)),
      denseScore: dense.get(id) ?? null,
      sparseScore: request.text === undefined || request.mode === 'dense' ? null : (sparse.get(id) ?? 0),
      denseRank: denseRanks.get(id) ?? null,
      sparseRank: sparseRanks.get(id) ?? null,
    }))
    .toSorted((a, b) => b.fusedScore - a.fusedScore || (a.docId < b.docId ? -1 : 1))
    .slice(0, request.k);
}

function share(weight: number, rrfK: number, rank: number | undefined): number {
  return rank === undefined ? 0 : weight / (rrfK + rank);
}

function ranks(
  visible: readonly IndexedVersion[],
  scores: ReadonlyMap<string, number>,
  limit: number,
): ReadonlyMap<string, number> {
  const sorted = visible
    .flatMap(({ id }) => (scores.has(id) ? [{ id, score: scores.get(id) ?? 0 }] : []))
    .toSorted((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .slice(0, limit);
  return new Map(sorted.map(({ id }, index) => [id, index + 1]));
}

function* bm25(documents: readonly IndexedVersion[], query: string): Generator<[string, number]> {
  const texts = documents.map(({ id, text }) => ({ id, words: tokenise(text) }));
  const mean = texts.reduce((sum, { words }) => sum + words.length, 0) / texts.length;
  const asked = Map.groupBy(tokenise(query), (word) => word);
  const weights = [...asked].map(([word, { length: times }]) => {
    const holders = texts.filter((each) => each.words.includes(word)).length;
    return [word, times * naturalLog(1 + (texts.length - holders + 0.5) / (holders + 0.5)) * (K1 + 1)] as const;
  });
  for (const { id, words } of texts) {
    let sum = 0;
    for (const [word, weight] of weights) {
      const count = words.filter((each) => each === word).length;
      if (count > 0)
        sum += Math.max(
          1,
          Math.round(((weight * count) / (count + K1 * (1 - B) + K1 * B * (words.length / mean))) * SCALE),
        );
    }
    if (sum > 0) yield [id, sum / SCALE];
  }
}

function* products(
  documents: readonly IndexedVersion[],
  vector: ArrayLike<number> | undefined,
): Generator<[string, number]> {
  if (vector === undefined) return;
  const unit = unitVector(vector);
  for (const { id, vectors } of documents) {
    const own = vectors['e'];
    if (own !== undefined) yield [id, exactDot(unitVector(own), 0, unit)];
  }
}

function isSeen({ scope }: IndexedVersion, { session, task }: SearchRequest): boolean {
  if (scope.level === 'global') return true;
  return scope.key === (scope.level === 'session' ? session : task);
}

function passes(document: IndexedVersion, filter: Filter): boolean {
  const fields = fieldsOf(document);
  const valuesOf = (field: string) => [fields[field] ?? []].flat();
  switch (filter.op) {
    case 'and':
      return filter.parts.every((part) => passes(document, part));
    case 'or':
      return filter.parts.some((part) => passes(document, part));
    case 'not':
      return !passes(document, filter.part);
    case 'eq':
      return valuesOf(filter.field).includes(filter.value);
    case 'ne':
      return !valuesOf(filter.field).includes(filter.value);
    case 'in':
      return valuesOf(filter.field).some((value) => filter.values.includes(value));
    case 'nin':
      return !valuesOf(filter.field).some((value) => filter.values.includes(value));
    case 'exists':
      return (fields[filter.field] !== undefined) === filter.value;
    default:
      return valuesOf(filter.field).some(
        (value) => typeof value === typeof filter.value && ordered(value, filter.op, filter.value),
      );
  }
}

function ordered<T>(value: T, op: 'gt' | 'gte' | 'lt' | 'lte', other: T): boolean {
  if (op === 'gt') return value > other;
  if (op === 'gte') return value >= other;
  return op === 'lt' ? value < other : value <= other;
}
