import type { SyntaxNode } from './syntax-node.ts';

/** Slips inside what a line-local repair grammar usually holds: one token, one name, one guard. */
export const insideGrammar = [
  'comparison',
  'arithmetic',
  'logical',
  'negation',
  'constant',
  'wrong-variable',
  'swapped-arguments',
  'missing-await',
  'missing-guard',
  'missing-statement',
] as const;

/** Slips that need another method, another pattern, another order or a lost piece of code to mend. */
export const outsideGrammar = [
  'other-method',
  'dropped-call',
  'regular-expression',
  'swapped-statements',
  'sub-expression',
  'iteration-order',
] as const;

export type OperatorName = (typeof insideGrammar)[number] | (typeof outsideGrammar)[number];

export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** All edits of one kind that a node invites; an empty list for most nodes. */
type Operator = (node: SyntaxNode, source: string) => readonly Edit[];

export type OperatorTable = Readonly<Record<OperatorName, Operator>>;

export interface Mutation extends Edit {
  readonly operator: OperatorName;
  readonly file: string;
}

export function isOutsideGrammar(operator: OperatorName): boolean {
  return outsideGrammar.some((name) => name === operator);
}

export function replaceNode(node: SyntaxNode, replacement: string): Edit {
  return { start: node.start, end: node.end, replacement };
}

export function applyEdit(source: string, edit: Edit): string {
  return source.slice(0, edit.start) + edit.replacement + source.slice(edit.end);
}

/** Swaps the texts of two nodes and keeps what stands between them. */
export function swapNodes(first: SyntaxNode, second: SyntaxNode, source: string): Edit {
  const between = source.slice(first.end, second.start);
  return { start: first.start, end: second.end, replacement: second.text + between + first.text };
}

/** Takes a statement out together with its line when it stands alone on it. */
export function deleteStatement(node: SyntaxNode, source: string): Edit {
  const lineStart = source.lastIndexOf('\n', node.start - 1) + 1;
  const lineEnd = source.indexOf('\n', node.end);
  const isAlone =
    source.slice(lineStart, node.start).trim() === '' &&
    lineEnd !== -1 &&
    source.slice(node.end, lineEnd).replace(';', '').trim() === '';
  if (!isAlone) return replaceNode(node, '');
  return { start: lineStart, end: lineEnd + 1, replacement: '' };
}
