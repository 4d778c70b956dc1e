/** What a repair operator is: a rule that looks at one node and proposes texts to put in its place. */
import type { LineIndex } from '../syntax/line-index.ts';
import type { ScopeReader } from '../syntax/scope.ts';
import type { SyntaxNode } from '../syntax/syntax-node.ts';
import type { PartsReader } from './borrowed-parts.ts';

/** Every operator by name; the order is the order in which they are asked. */
export const operatorNames = [
  'comparison',
  'boundary',
  'arithmetic',
  'grouping',
  'logic',
  'negation',
  'constant',
  'variable',
  'member',
  'argument-order',
  'argument-count',
  'method',
  'conversion',
  'sub-expression',
  'default-value',
  'missing-return',
  'missing-await',
  'missing-guard',
  'missing-copy',
  'missing-jump',
  'missing-statement',
  'nesting',
  'delete-statement',
  'missing-operand',
  'early-exit',
  'borrowed-value',
  'lost-call',
  'borrowed-statement',
  'loop-order',
  'pattern',
  'statement-order',
] as const;
export type OperatorName = (typeof operatorNames)[number];

/** Operators that take what the code around holds: an edit that another operator makes, too, is that operator's. */
export const borrowingOperators: ReadonlySet<OperatorName> = new Set([
  'missing-operand',
  'early-exit',
  'borrowed-value',
  'lost-call',
  'borrowed-statement',
]);

/** A change of text, offsets in UTF-16 code units. */
export interface Proposal {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** Literals that the failing assertions show, written without quotes. */
export interface LiteralHints {
  readonly numbers: readonly string[];
  readonly strings: readonly string[];
}

/** What an operator may look at besides its node. */
export interface Site {
  readonly source: string;
  readonly isPython: boolean;
  readonly lines: LineIndex;
  readonly scope: ScopeReader;
  readonly hints: LiteralHints;
  /** `\n` or `\r\n`, as the file has it. */
  readonly newline: string;
  readonly textOf: (node: SyntaxNode) => string;
  /** Nodes of the enclosing function and of the module's own level, for texts to borrow. */
  readonly nearby: (node: SyntaxNode) => readonly SyntaxNode[];
  readonly parts: PartsReader;
}

export interface RepairOperator {
  readonly name: OperatorName;
  /** The most promising proposal first. */
  readonly propose: (node: SyntaxNode, site: Site) => Iterable<Proposal>;
}
