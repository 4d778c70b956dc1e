/**
 * Candidate edits for the suspicious lines of one file.
 *
 * I5: every candidate parses with the parser that read the original. I6: no two candidates give the same text, blanks aside, and
 * none gives the original. I7: equal inputs give equal candidates in equal order.
 */
import { editSize, type Edit } from '../apply-edit.ts';
import { changeKey, normalisedCode } from '../code-tokens.ts';
import { editForm } from '../edit-form.ts';
import type { Language } from '../language.ts';
import { LineIndex } from '../syntax/line-index.ts';
import { parseSource } from '../syntax/parse-source.ts';
import type { ParsedSource } from '../syntax/parsed-source.ts';
import { ScopeReader } from '../syntax/scope.ts';
import { ancestorsOf, descend, enclosing, type SyntaxNode } from '../syntax/syntax-node.ts';
import { PartsReader } from './borrowed-parts.ts';
import { repairOperators } from './operators.ts';
import { plausibility } from './plausibility.ts';
import { ReparseCheck } from './reparse.ts';
import {
  borrowingOperators,
  operatorNames,
  type LiteralHints,
  type OperatorName,
  type Proposal,
  type Site,
} from './repair-operator.ts';
import { ValueKinds } from './value-kinds.ts';

/** A line range (1-based, inclusive) or single lines. */
export type LineSelection = { readonly first: number; readonly last: number } | readonly number[];

export interface CandidateRequest {
  /** Goes into the edits; nothing is read from disk. */
  readonly file: string;
  readonly source: string;
  readonly language: Language;
  readonly lines: LineSelection;
  /** Literals of the failing assertions; see `literalHints`. */
  readonly hints?: LiteralHints;
}

export type CandidateOutcome =
  | { readonly kind: 'candidates'; readonly edits: readonly Edit[] }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly detail: string };

/** Why a file gives no candidates: it does not parse, or its suspicious lines were not written by hand. */
export type RefusalReason = 'syntax_error' | 'minified';

/** A longer line is the work of a tool. */
export const maxLineLength = 2_000;
const maxReplacedLength = 4_000;
const maxNearbyNodes = 3_000;

/**
 * The candidates of the given lines, in source order of their nodes; those that borrow come after the others.
 *
 * @throws PythonParserUnavailable when Python is asked for and its grammar cannot be loaded.
 */
export function generateCandidates(request: CandidateRequest): CandidateOutcome {
  const index = new LineIndex(request.source);
  const chosen = chosenLines(request.lines, index);
  const readable = new Set([...chosen].filter((line) => index.endOf(line) - index.startOf(line) <= maxLineLength));
  if (chosen.size > 0 && readable.size === 0) {
    return {
      kind: 'refused',
      reason: 'minified',
      detail: `all chosen lines are longer than ${maxLineLength} characters`,
    };
  }
  const outcome = parseSource(request.source, request.language);
  if (outcome.kind === 'syntax_error') return { kind: 'refused', reason: 'syntax_error', detail: outcome.detail };
  const site = siteOf(outcome.parsed, index, request.hints);
  const found = proposalsOn(outcome.parsed.root, readable, site);
  return { kind: 'candidates', edits: acceptedEdits(request.file, found, outcome.parsed, site) };
}

function chosenLines(lines: LineSelection, index: LineIndex): ReadonlySet<number> {
  const listed =
    'first' in lines
      ? Array.from(
          { length: Math.max(0, Math.min(lines.last, index.count) - lines.first + 1) },
          (_, at) => lines.first + at,
        )
      : lines;
  return new Set(listed.filter((line) => Number.isInteger(line) && line >= 1 && line <= index.count));
}

function siteOf(parsed: ParsedSource, lines: LineIndex, hints: LiteralHints | undefined): Site {
  const { source, root } = parsed;
  const isPython = parsed.language === 'python';
  const known = new Map<SyntaxNode, readonly SyntaxNode[]>();
  const scope = new ScopeReader(source, isPython);
  return {
    source,
    isPython,
    lines,
    scope,
    parts: new PartsReader(source, scope),
    hints: hints ?? { numbers: [], strings: [] },
    newline: source.includes('\r\n') ? '\r\n' : '\n',
    textOf: (node) => source.slice(node.start, node.end),
    nearby: (node) => {
      const owner = [...ancestorsOf(node)].findLast((each) => each.shape === 'function') ?? root;
      const nodes = known.get(owner) ?? nearbyNodes(owner, root);
      known.set(owner, nodes);
      return nodes;
    },
  };
}

/** The outermost function around, then the module's own level. */
function nearbyNodes(owner: SyntaxNode, root: SyntaxNode): readonly SyntaxNode[] {
  const own = owner === root ? [] : [...descend(owner).take(maxNearbyNodes)];
  const isOutside = (node: SyntaxNode): boolean => node.shape !== 'function' && node.shape !== 'import';
  return [...own, ...descend(root, isOutside).take(maxNearbyNodes)];
}

interface Found {
  readonly node: SyntaxNode;
  readonly operator: OperatorName;
  readonly rank: number;
  readonly line: number;
  readonly proposal: Proposal;
}

function proposalsOn(root: SyntaxNode, lines: ReadonlySet<number>, site: Site): readonly Found[] {
  const sorted = [...lines].toSorted((a, b) => a - b);
  const touches = (node: SyntaxNode): boolean => {
    const last = site.lines.lineAt(node.end);
    const next = sorted[lowerBound(sorted, site.lines.lineAt(node.start))];
    return node.shape !== 'import' && next !== undefined && next <= last;
  };
  return [...descend(root, touches)].flatMap((node) => proposalsOf(node, lines, site));
}

function lowerBound(sorted: readonly number[], wanted: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** An edit answers the line where it begins, or else the line where its node begins. */
function proposalsOf(node: SyntaxNode, lines: ReadonlySet<number>, site: Site): readonly Found[] {
  return operatorNames.flatMap((operator) =>
    [...repairOperators[operator].propose(node, site)].flatMap((proposal, rank) => {
      const places = [site.lines.lineAt(proposal.start), site.lines.lineAt(node.start)];
      const line = places.find((each) => lines.has(each));
      return line === undefined || !isFitting(node, proposal, site) ? [] : [{ node, operator, rank, line, proposal }];
    }),
  );
}

/** Not too long, and no new quotes inside an f-string: before Python 3.12 they would end it. */
function isFitting(node: SyntaxNode, proposal: Proposal, site: Site): boolean {
  if (proposal.end - proposal.start > maxReplacedLength) return false;
  const isQuoting = /["']/.test(proposal.replacement) && !/["']/.test(site.source.slice(proposal.start, proposal.end));
  return !(isQuoting && site.isPython && enclosing(node, 'template') !== undefined);
}

function acceptedEdits(file: string, found: readonly Found[], parsed: ParsedSource, site: Site): readonly Edit[] {
  const check = new ReparseCheck(parsed);
  const kinds = new ValueKinds(parsed.source);
  const seen = new Set<string>();
  const isBorrowed = (each: Found): number => Number(borrowingOperators.has(each.operator));
  return found
    .toSorted((a, b) => isBorrowed(a) - isBorrowed(b))
    .flatMap((each) => {
      const edit = editOf(file, each, site, kinds);
      const first = site.lines.lineAt(edit.start);
      const blind = `${first}:${edit.before.length}:${normalisedCode(edit.after, site.isPython)}`;
      const exact = changeKey(site.source, edit);
      if (
        seen.has(blind) ||
        seen.has(exact) ||
        normalisedCode(edit.before, site.isPython) === normalisedCode(edit.after, site.isPython)
      )
        return [];
      if (!check.parsesAfter(each.node, each.proposal)) return [];
      seen.add(blind).add(exact);
      return [edit];
    });
}

function editOf(file: string, found: Found, site: Site, kinds: ValueKinds): Edit {
  const { node, operator, rank, line, proposal } = found;
  const from = site.lines.startOf(site.lines.lineAt(proposal.start));
  const last = site.lines.lineAt(Math.max(proposal.start, proposal.end - 1));
  const to = Math.max(site.lines.endOf(last), proposal.end);
  const before = site.source.slice(from, to);
  const after = site.source.slice(from, proposal.start) + proposal.replacement + site.source.slice(proposal.end, to);
  const form = editForm(site.source.slice(proposal.start, proposal.end), proposal.replacement);
  return {
    file,
    ...proposal,
    operator,
    line,
    before,
    after,
    size: editSize({ before, after }),
    rank,
    role: node.role,
    form,
    plausibility: plausibility(found, site, kinds),
  };
}
