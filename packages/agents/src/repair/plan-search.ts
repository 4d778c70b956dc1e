/** From suspicious lines to the list of candidates to validate, in order, each with its id. */
import type { Edit } from './apply-edit.ts';
import { tokensOf } from './code-tokens.ts';
import { generateCandidates, type RefusalReason } from './candidates/generate-candidates.ts';
import type { LiteralHints } from './candidates/repair-operator.ts';
import type { Sources } from './import-graph.ts';
import { languageOf } from './language.ts';
import { Naturalness } from './naturalness.ts';
import { orderCandidates, type NaturalGain } from './order-candidates.ts';
import { isProtectedPath } from './protected-paths.ts';
import type { SuspiciousLine } from './rank-lines.ts';
import { LineIndex } from './syntax/line-index.ts';

export interface Candidate {
  /** The first 16 hex digits of the hash of the canonical edit: the same edit of the same file has the same id everywhere. */
  readonly id: string;
  readonly edit: Edit;
  readonly score: number;
}

export interface SearchRequest {
  readonly suspicious: readonly SuspiciousLine[];
  readonly sources: Sources;
  readonly hints?: LiteralHints;
  /** SHA-256 of a text as hex digits. */
  readonly hash: (text: string) => string;
  /** The search space ends here. */
  readonly maxCandidates: number;
  /** Only so many of the most suspicious lines are read; 300 unless said otherwise. */
  readonly maxLines?: number;
  /** Files that no candidate may change; the path rule unless said otherwise. */
  readonly isProtected?: (path: string) => boolean;
}

export interface SearchPlan {
  readonly candidates: readonly Candidate[];
  /** Suspicious files that gave nothing, and why, by file. */
  readonly refusals: readonly { readonly file: string; readonly reason: RefusalReason; readonly detail: string }[];
}

const defaultMaxLines = 300;
const idLength = 16;

/** The candidates for the most suspicious lines, best first, at most `maxCandidates`. Protected paths give none. */
export function planSearch(request: SearchRequest): SearchPlan {
  const isProtected = request.isProtected ?? isProtectedPath;
  const lines = request.suspicious
    .filter((each) => !isProtected(each.file))
    .slice(0, request.maxLines ?? defaultMaxLines);
  const outcomes = [...Map.groupBy(lines, (each) => each.file)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, group]) => ({ file, outcome: candidatesOf(file, group, request) }));
  const edits = outcomes.flatMap(({ outcome }) => (outcome?.kind === 'candidates' ? outcome.edits : []));
  return {
    candidates: orderCandidates(edits, lines, naturalGainIn(request.sources, new Set(outcomes.map(({ file }) => file))))
      .slice(0, request.maxCandidates)
      .map(({ edit, score }) => ({ id: candidateId(edit, request.hash), edit, score })),
    refusals: outcomes.flatMap(({ file, outcome }) =>
      outcome?.kind === 'refused' ? [{ file, reason: outcome.reason, detail: outcome.detail }] : [],
    ),
  };
}

/** Enough to know the ways of a project; the suspicious files come first. */
const mostLearned = 1_000_000;

function naturalGainIn(sources: Sources, suspicious: ReadonlySet<string>): NaturalGain {
  const files = [...sources].toSorted(
    ([a], [b]) => Number(suspicious.has(b)) - Number(suspicious.has(a)) || (a < b ? -1 : 1),
  );
  let left = mostLearned;
  const learned = files.flatMap(([, text]) => ((left -= text.length) >= 0 ? [text] : []));
  const model = new Naturalness(learned);
  const indexOf = new Map([...suspicious].map((file) => [file, new LineIndex(sources.get(file) ?? '')] as const));
  return ({ file, start, before, after }) => {
    const index = indexOf.get(file);
    if (index === undefined) return 0;
    const tokensOn = (line: number): readonly string[] =>
      line < 1 ? [] : tokensOf(sources.get(file)?.slice(index.startOf(line), index.endOf(line)) ?? '');
    const first = index.lineAt(start);
    const previous = tokensOn(first - 1).slice(-2);
    const next = tokensOn(first + before.split('\n').length).slice(0, 2);
    return model.gain(before, after, { previous, next });
  };
}

function candidatesOf(
  file: string,
  lines: readonly SuspiciousLine[],
  request: SearchRequest,
): ReturnType<typeof generateCandidates> | undefined {
  const source = request.sources.get(file);
  const language = languageOf(file);
  if (source === undefined || language === undefined) return undefined;
  const hints = request.hints === undefined ? {} : { hints: request.hints };
  return generateCandidates({ file, source, language, lines: lines.map((each) => each.line), ...hints });
}

/** The hash of what the edit does, not of how it came about. */
export function candidateId(
  edit: Pick<Edit, 'file' | 'start' | 'end' | 'replacement'>,
  hash: (text: string) => string,
): string {
  return hash(JSON.stringify([edit.file, edit.start, edit.end, edit.replacement])).slice(0, idLength);
}

/** The repair among candidates that pass everything, given in search order: the smallest edit, and of equals the first. */
export function chooseRepair(passing: readonly Candidate[]): Candidate | undefined {
  return passing.toSorted((a, b) => a.edit.size - b.edit.size)[0];
}
