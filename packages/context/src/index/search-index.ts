import '../kernel/web-assembly.ts';
import { VltairError, type JsonObject } from '@vltair/protocol';
import type { DocumentKind } from '../merge/merge-policy.ts';
import type { Filter } from '../query/filter.ts';
import type { SearchRequest } from '../query/search-request.ts';
import { BestRows } from './best-rows.ts';
import { DenseSpace, type RowFilter } from './dense-space.ts';
import type { IndexChange, IndexedVersion } from './indexed-version.ts';
import { FieldIndex } from './field-index.ts';
import { fieldsOf } from './fields-of.ts';
import { fuse, type Found, type Fused } from './fuse.ts';
import { Leg } from './leg.ts';
import { DEFAULT_BM25, LexicalIndex, type Bm25 } from './lexical-index.ts';
import { snippetOf, type Snippet } from './snippet.ts';
import { tokenise } from './tokenise.ts';
import { unitVector } from './unit-vector.ts';
import { VersionTable } from './version-table.ts';

/** A document that was found. A score is `null` where the search has no such leg; a rank, where the leg has not brought the document. */
export interface Answer {
  readonly docId: string;
  readonly version: number;
  readonly kind: DocumentKind;
  readonly metadata: JsonObject;
  readonly snippet: Snippet;
  readonly fusedScore: number;
  readonly denseScore: number | null;
  readonly sparseScore: number | null;
  /** From 1. */
  readonly denseRank: number | null;
  readonly sparseRank: number | null;
}

export interface IndexSettings {
  readonly bm25?: Bm25;
  /** The compiled kernel; absent: plain JavaScript, with the same answers. */
  readonly kernel?: WebAssembly.Module;
}

/** A search with all that its legs need. */
interface Query {
  readonly request: SearchRequest;
  readonly at: number;
  readonly allowed: RowFilter;
  /** `undefined` where words are not searched for. */
  readonly text: string | undefined;
  /** `undefined` where no vector is searched for, or no document has one. */
  readonly dense: { readonly space: DenseSpace; readonly vector: Float32Array } | undefined;
}

/** Products of codes fit into 32 bits, and memory holds some of them. */
const MOST_DIMENSIONS = 16_384;
/** So that sums of shares are whole numbers that fit. */
const MOST_K1 = 4;
/** Of rows that may be given: where they are fewer than this, they are looked at one by one. */
const FEW = 0.25;

/**
 * The documents of one tenant, and the search over them.
 *
 * I1 What is answered depends on the versions that are valid at the position that is asked for, and on nothing else: neither on
 *    the order in which they were written, nor on what was written before or after.
 * I2 Equal scores are ordered by id, also where the cut falls between them.
 * I3 A search sees the documents of everybody, and those of its own session and task.
 */
export class SearchIndex {
  readonly #settings: IndexSettings;
  readonly #versions = new VersionTable();
  readonly #words = new LexicalIndex(this.#versions);
  readonly #fields = new FieldIndex();
  readonly #scopes = new FieldIndex();
  readonly #spaces = new Map<string, DenseSpace>();
  readonly #documents: Kept[] = [];
  #ownScopes = 0;

  /** @throws RangeError for settings of BM25 that it is not made for */
  constructor(settings: IndexSettings = {}) {
    const { k1, b } = settings.bm25 ?? DEFAULT_BM25;
    if (!(k1 >= 0 && k1 <= MOST_K1 && b >= 0 && b <= 1)) throw new RangeError(`k1 is 0 to ${MOST_K1}, b 0 to 1`);
    this.#settings = settings;
  }

  /** The newest position that it knows of. */
  get position(): number {
    return this.#versions.position;
  }

  /**
   * Takes in what has changed, in the order of positions. What a change throws, it has not begun.
   *
   * @throws VltairError `invalid_argument/vector`; RangeError for a position before one that it knows of
   */
  apply(changes: readonly IndexChange[]): void {
    for (const change of changes) {
      if (change.position < this.position) throw new RangeError(`${change.position} lies before ${this.position}`);
      if (change.kind === 'end') this.#end(change.id, change.position);
      else this.#put(change.document, this.#unitVectors(change.document), change.position);
    }
  }

  /** The answers to a search, best first. `space` is the id of the embedder whose vector is searched for. */
  search(request: SearchRequest, space: string): readonly Answer[] {
    const query = this.#queryOf(request, space);
    const { dense, sparse } = this.#legs(query);
    const rows = [...new Set([...(dense?.rows ?? []), ...(sparse?.rows ?? [])])];
    const found = rows.map((row) => ({
      row,
      id: this.#versions.idOf(row),
      denseScore: dense?.scoreOf(row),
      sparseScore: sparse?.scoreOf(row),
      denseRank: dense?.rankOf(row),
      sparseRank: sparse?.rankOf(row),
    }));
    // Ranks are enough for the first; the others want both scores of every row before.
    const fused =
      request.fusion === 'RECIPROCAL_RANK'
        ? this.#scored(fuse(found, request), query)
        : fuse(this.#scored(found, query), request);
    const words = new Set(tokenise(request.text ?? ''));
    return fused.map((each) => this.#answerOf(each, words));
  }

  // --- documents

  /** Of length 1, whatever the embedder gives. */
  #unitVectors({ vectors }: IndexedVersion): ReadonlyMap<string, Float32Array> {
    for (const [space, { length }] of Object.entries(vectors)) {
      if (length > MOST_DIMENSIONS)
        throw new VltairError('invalid_argument/vector', {
          detail: `it has ${length} dimensions of ${MOST_DIMENSIONS}`,
        });
      const known = this.#spaces.get(space);
      if (known !== undefined) requireDimension(space, known, length);
    }
    return new Map(Object.entries(vectors).map(([space, vector]) => [space, unitVector(vector)]));
  }

  #put(document: IndexedVersion, vectors: ReadonlyMap<string, Float32Array>, position: number): void {
    this.#end(document.id, position);
    const tokens = tokenise(document.text);
    const row = this.#versions.begin(document.id, tokens.length, position);
    this.#documents.push(keptOf(document));
    this.#words.add(row, tokens);
    this.#fields.add(row, fieldsOf(document));
    this.#scopes.add(row, { [document.scope.level]: 'key' in document.scope ? document.scope.key : true });
    if (document.scope.level !== 'global') this.#ownScopes += 1;
    for (const [space, vector] of vectors) this.#makeSpace(space, vector.length).add(row, vector);
  }

  #end(id: string, position: number): void {
    const row = this.#versions.end(id, position);
    const ended = row === undefined ? undefined : this.#documents[row];
    if (ended !== undefined) this.#words.end(tokenise(ended.text));
  }

  #makeSpace(id: string, dimension: number): DenseSpace {
    const space = this.#spaces.get(id) ?? new DenseSpace(dimension, this.#settings.kernel);
    this.#spaces.set(id, space);
    return space;
  }

  // --- what is searched for

  #queryOf(request: SearchRequest, spaceId: string): Query {
    const at = request.at ?? this.position;
    const { mode, vector } = request;
    const space = this.#spaces.get(spaceId);
    if (space !== undefined && vector !== undefined) requireDimension(spaceId, space, vector.length);
    const unit = vector === undefined ? undefined : unitVector(vector);
    const isDense = mode !== 'sparse' && space !== undefined && unit !== undefined;
    return {
      request,
      at,
      allowed: this.#allowed(request, at),
      text: mode === 'dense' ? undefined : request.text,
      dense: isDense ? { space, vector: unit } : undefined,
    };
  }

  /** Which rows may be given: those that are valid, are seen, and pass the filter. */
  #allowed({ filter, session, task }: SearchRequest, at: number): RowFilter {
    const isValid = (row: number): boolean => this.#versions.isValid(row, at);
    if (passesAll(filter) && this.#ownScopes === 0) return { has: isValid };
    const rows = this.#fields.rowsOf(filter);
    const seen = this.#scopes.rowsOf(scopeFilter(session, task));
    rows.andInPlace(seen);
    seen.dispose();
    const listed = new Int32Array(rows.toUint32Array());
    rows.dispose();
    const mask = new Uint8Array(this.#versions.count);
    for (const row of listed) mask[row] = 1;
    const has = (row: number): boolean => mask[row] === 1 && isValid(row);
    return listed.length < this.#versions.count * FEW ? { has, few: listed.filter(isValid) } : { has };
  }

  // --- legs

  /** Both legs bring rows, or one does and the other one judges those. */
  #legs(query: Query): { readonly dense: Leg | undefined; readonly sparse: Leg | undefined } {
    const { strategy } = query.request;
    if (query.dense === undefined || query.text === undefined)
      return { dense: this.#denseLeg(query), sparse: this.#sparseLeg(query) };
    if (strategy === 'DENSE_FIRST') {
      const dense = this.#denseLeg(query);
      return { dense, sparse: this.#judge(this.#sparseScores(dense?.rows ?? [], query)) };
    }
    const sparse = this.#sparseLeg(query);
    const isJudged = strategy === 'SPARSE_FIRST';
    return {
      dense: isJudged ? this.#judge(this.#denseScores(sparse?.rows ?? [], query)) : this.#denseLeg(query),
      sparse,
    };
  }

  #denseLeg({ dense, request, allowed }: Query): Leg | undefined {
    if (dense === undefined) return undefined;
    const best = this.#bestOf(request.k * request.rerankFactor);
    dense.space.scan(dense.vector, request.k * request.rerankFactor, allowed, (row, score) => best.offer(row, score));
    return new Leg(best.sorted());
  }

  #sparseLeg({ text, at, request, allowed }: Query): Leg | undefined {
    if (text === undefined) return undefined;
    const limit = request.k * request.rerankFactor;
    const best = this.#bestOf(limit);
    const isAllowed = (row: number): boolean => allowed.has(row);
    this.#words.best(text, { at, limit, bm25: this.#bm25, isAllowed }, (row, score) => best.offer(row, score));
    return new Leg(best.sorted());
  }

  /** Ranks the rows that have anything for a leg. */
  #judge(scores: ReadonlyMap<number, number>): Leg {
    const best = this.#bestOf(scores.size);
    for (const [row, score] of scores) best.offer(row, score);
    return new Leg(best.sorted());
  }

  // --- scores

  /** The same with the scores of legs that have not brought the row. */
  #scored<T extends Found>(found: readonly T[], query: Query): readonly T[] {
    const dense = this.#denseScores(lacking(found, 'denseScore'), query);
    const sparse = this.#sparseScores(lacking(found, 'sparseScore'), query);
    return found.map((each) => ({
      ...each,
      denseScore: each.denseScore ?? dense.get(each.row),
      sparseScore: each.sparseScore ?? (query.text === undefined ? undefined : (sparse.get(each.row) ?? 0)),
    }));
  }

  #denseScores(rows: readonly number[], { dense }: Query): ReadonlyMap<number, number> {
    if (dense === undefined) return new Map();
    const scores = rows.map((row) => [row, dense.space.scoreOf(row, dense.vector)] as const);
    return new Map(scores.filter((scored): scored is [number, number] => scored[1] !== undefined));
  }

  /** Rows without a word of the query have none. */
  #sparseScores(rows: readonly number[], { text, at }: Query): ReadonlyMap<number, number> {
    if (text === undefined || rows.length === 0) return new Map();
    const scores = this.#words.scoresOf(rows, text, { at, bm25: this.#bm25 });
    return new Map([...scores].filter(([, score]) => score > 0));
  }

  #answerOf(
    { row, id, fusedScore, denseScore, sparseScore, denseRank, sparseRank }: Fused,
    words: ReadonlySet<string>,
  ): Answer {
    const document = this.#documents[row];
    if (document === undefined) throw new RangeError(`there is no row ${row}`);
    const { version, kind, metadata, text } = document;
    return {
      docId: id,
      version,
      kind,
      metadata,
      snippet: snippetOf(text, words),
      fusedScore,
      denseScore: denseScore ?? null,
      sparseScore: sparseScore ?? null,
      denseRank: denseRank ?? null,
      sparseRank: sparseRank ?? null,
    };
  }

  #bestOf(limit: number): BestRows {
    return new BestRows(limit, (row) => this.#versions.idOf(row));
  }

  get #bm25(): Bm25 {
    return this.#settings.bm25 ?? DEFAULT_BM25;
  }
}

/** Of a version, what answers show, and what ends with it. */
type Kept = Omit<IndexedVersion, 'vectors'>;

function keptOf({ vectors: _kept, ...document }: IndexedVersion): Kept {
  return document;
}

/** A filter that came from another thread is no longer the same object. */
function passesAll(filter: Filter): boolean {
  return filter.op === 'and' && filter.parts.length === 0;
}

function lacking(found: readonly Found[], score: 'denseScore' | 'sparseScore'): readonly number[] {
  return found.filter((each) => each[score] === undefined).map(({ row }) => row);
}

function requireDimension(id: string, { dimension }: DenseSpace, given: number): void {
  if (given === dimension) return;
  throw new VltairError('invalid_argument/vector', { detail: `${id} has ${dimension} dimensions, not ${given}` });
}

function scopeFilter(session: string | undefined, task: string | undefined): Filter {
  const parts: Filter[] = [{ op: 'eq', field: 'global', value: true }];
  if (session !== undefined) parts.push({ op: 'eq', field: 'session', value: session });
  if (task !== undefined) parts.push({ op: 'eq', field: 'task', value: task });
  return { op: 'or', parts };
}
