import { mergeText, type MergedText, type TextToMerge } from './merge-text.ts';
import { isWithinParseLimits, scriptDialectOf, scriptProblems, type ScriptDialect } from './script-problems.ts';

export interface CodeToMerge extends TextToMerge {
  /** Its end tells the language; the file need not exist. */
  readonly path: string;
}

/** What a parser says of merged code. */
export type SyntaxVerdict =
  | { readonly kind: 'parses' }
  | BrokenMerge
  /** `side_does_not_parse`: then neither does the merge, which may come from there; `beyond_limits`: of {@link PARSE_LIMITS}. */
  | { readonly kind: 'not_parsed'; readonly because: 'other_language' | 'side_does_not_parse' | 'beyond_limits' };

/** Both sides parse, and what was made of them does not, as for the markers of a conflict; or it holds a clash that neither side has, e.g. a name that is declared twice. */
export interface BrokenMerge {
  readonly kind: 'flagged';
  readonly flagged: 'does_not_parse' | 'clashes';
  /** The words of the parser. */
  readonly message: string;
  /** In the merged text, counted from 1; for a clash, the later of its places. */
  readonly line: number;
}

export interface MergedCode extends MergedText {
  readonly syntax: SyntaxVerdict;
}

/** Merges code as text, then looks whether changes that do not touch have broken it together. @throws as {@link mergeText} */
export function mergeCode({ path, ...sides }: CodeToMerge): MergedCode {
  const merged = mergeText(sides);
  const dialect = scriptDialectOf(path);
  if (dialect === undefined) return { ...merged, syntax: { kind: 'not_parsed', because: 'other_language' } };
  return { ...merged, syntax: judge(merged.text, [sides.ours, sides.theirs], dialect) };
}

function judge(merged: string, sides: readonly string[], dialect: ScriptDialect): SyntaxVerdict {
  if (![merged, ...sides].every(isWithinParseLimits)) return { kind: 'not_parsed', because: 'beyond_limits' };
  const { kind, list } = scriptProblems(merged, dialect);
  if (kind === 'none') return { kind: 'parses' };
  const before = sides.map((side) => scriptProblems(side, dialect));
  if (before.some((problems) => problems.kind === 'does_not_parse')) {
    return { kind: 'not_parsed', because: 'side_does_not_parse' };
  }
  const known = new Set(before.flatMap((problems) => problems.list.map(({ message }) => message)));
  const problem = list.find(({ message }) => !known.has(message));
  if (problem === undefined) return { kind: 'parses' };
  return { kind: 'flagged', flagged: kind, message: problem.message, line: lineAt(merged, problem.offset) };
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
