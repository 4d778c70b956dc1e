import { VltairError } from '@vltair/protocol';
import { z } from 'zod';
import { parseFilter, PASS, type Filter } from './filter.ts';

const strategies = ['AUTO', 'DENSE_FIRST', 'SPARSE_FIRST', 'PARALLEL'] as const;

const fusions = ['RECIPROCAL_RANK', 'WEIGHTED_SUM', 'MAX_SCORE', 'LATE_INTERACTION'] as const;

const searchModes = ['dense', 'sparse', 'hybrid'] as const;

/** Answers that one search may give, and rows that each leg of it may bring. */
const MOST_K = 10_000;
const MOST_BROUGHT = 100_000;
const MOST_TEXT = 1_000_000;

const weightSchema = z.number().min(0).max(1);

const searchSchema = z.strictObject({
  /** What is searched for, in words. */
  text: z.string().min(1).max(MOST_TEXT).optional(),
  /** What is searched for, as a vector of the embedder. */
  vector: z.union([z.array(z.number()), z.instanceof(Float32Array)]).optional(),
  /** How many answers, at most. */
  k: z.int().min(1).max(MOST_K).default(10),
  mode: z.enum(searchModes).default('hybrid'),
  strategy: z.enum(strategies).default('AUTO'),
  fusion: z.enum(fusions).default('RECIPROCAL_RANK'),
  /** How little a rank among the first counts more than one among the last. */
  rrfK: z.number().positive().default(60),
  denseWeight: weightSchema.default(0.5),
  sparseWeight: weightSchema.default(0.5),
  /** Each leg brings so many times `k` rows. */
  rerankFactor: z.int().min(1).max(1_000).default(10),
  filter: z.unknown().optional(),
  /** The session and the task whose documents are seen beside those of everybody. */
  session: z.string().min(1).optional(),
  task: z.string().min(1).optional(),
  /** The position in the store at which it is asked; absent: now. */
  at: z.int().nonnegative().optional(),
});

/** What is asked of an index. */
export type SearchInput = z.input<typeof searchSchema>;

/** A search as it is done: checked, with every default in its place. */
export interface SearchRequest extends Omit<z.output<typeof searchSchema>, 'filter'> {
  readonly filter: Filter;
}

/**
 * Checks a search.
 *
 * @throws VltairError `invalid_argument/search` naming the first field that is wrong, and `filters_invalid/filter`
 */
export function parseSearch(given: unknown): SearchRequest {
  const parsed = searchSchema.safeParse(given);
  if (!parsed.success) throw invalid(problemOf(parsed.error));
  const { filter, ...request } = parsed.data;
  if (request.text === undefined && request.vector === undefined)
    throw invalid(['text', 'a text or a vector is searched for']);
  if (request.mode === 'sparse' && request.text === undefined)
    throw invalid(['text', 'mode sparse searches for a text']);
  if (request.mode === 'dense' && request.vector === undefined)
    throw invalid(['vector', 'mode dense searches for a vector']);
  if (request.k * request.rerankFactor > MOST_BROUGHT)
    throw invalid(['rerankFactor', `k times rerankFactor is at most ${MOST_BROUGHT}`]);
  return { ...request, filter: filter === undefined ? PASS : parseFilter(filter) };
}

function problemOf({ issues: [issue] }: z.ZodError): readonly [string, string] {
  if (issue?.code === 'unrecognized_keys') return [issue.keys.join(', '), 'there is no such field'];
  return [issue?.path.join('.') ?? '', issue?.message ?? 'it is no search'];
}

function invalid([where, problem]: readonly [string, string]): VltairError {
  return new VltairError('invalid_argument/search', { detail: `${where}: ${problem}`, where });
}
