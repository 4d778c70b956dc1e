/** Building blocks for proposals: replacing, inserting, swapping, and the brackets that keep a meaning. */
import type { Shape, SyntaxNode } from '../syntax/syntax-node.ts';
import type { Proposal, Site } from './repair-operator.ts';

const tightShapes: ReadonlySet<Shape> = new Set<Shape>([
  'identifier',
  'name',
  'number',
  'string',
  'boolean',
  'null',
  'template',
  'call',
  'member',
  'subscript',
  'list',
  'object',
  'parenthesis',
]);

export function replaceNode(node: SyntaxNode, replacement: string): Proposal {
  return { start: node.start, end: node.end, replacement };
}

export function replaceAll(node: SyntaxNode, replacements: readonly string[]): readonly Proposal[] {
  return replacements.map((replacement) => replaceNode(node, replacement));
}

export function insertAt(offset: number, text: string): Proposal {
  return { start: offset, end: offset, replacement: text };
}

/** Exchanges two nodes; what stands between them stays. */
export function swapNodes(first: SyntaxNode, second: SyntaxNode, site: Site): Proposal {
  const between = site.source.slice(first.end, second.start);
  return { start: first.start, end: second.end, replacement: site.textOf(second) + between + site.textOf(first) };
}

/** A node's text, in brackets unless it binds as tightly as a word. */
export function tightText(node: SyntaxNode, site: Site): string {
  const text = site.textOf(node);
  return tightShapes.has(node.shape) ? text : `(${text})`;
}

/** A looser text for the place of a node: in brackets where the parent would take it apart. */
export function placedText(node: SyntaxNode, text: string): string {
  const parent = node.parent?.shape;
  const isTaken =
    parent === 'binary' || parent === 'unary' || parent === 'await' || node.role === 'object' || node.role === 'callee';
  return isTaken ? `(${text})` : text;
}

/** The blanks before a node on its line; `undefined` when other text comes first. */
export function indentOf(node: SyntaxNode, site: Site): string | undefined {
  const text = site.source.slice(site.lines.startOf(site.lines.lineAt(node.start)), node.start).replace(/^\uFEFF/, '');
  return /^[ \t]*$/.test(text) ? text : undefined;
}

/** New statements on lines of their own before a statement, indented as it is. */
export function insertBefore(statement: SyntaxNode, lines: readonly string[], site: Site): readonly Proposal[] {
  const indent = indentOf(statement, site);
  if (indent === undefined) return site.isPython ? [] : [insertAt(statement.start, `${lines.join(' ')} `)];
  return [insertAt(statement.start, lines.map((line) => `${line}${site.newline}${indent}`).join(''))];
}

/** New statements on lines of their own after a statement, indented as it is. */
export function insertAfter(statement: SyntaxNode, lines: readonly string[], site: Site): readonly Proposal[] {
  const indent = indentOf(statement, site);
  if (indent === undefined) return site.isPython ? [] : [insertAt(statement.end, ` ${lines.join(' ')}`)];
  return [insertAt(statement.end, lines.map((line) => `${site.newline}${indent}${line}`).join(''))];
}

/** `;` where the language, and the statement before it, end statements with one. */
export function endMark(statement: SyntaxNode, site: Site): string {
  return site.isPython || !/[;}]$/.test(site.textOf(statement)) ? '' : ';';
}

/** How alike two words are: the Dice coefficient of their letter pairs, 0 to 1. */
export function similarity(a: string, b: string): number {
  const first = pairsOf(a.toLowerCase());
  const second = pairsOf(b.toLowerCase());
  const shared = [...first].filter((pair) => second.has(pair)).length;
  return first.size + second.size === 0 ? 0 : (2 * shared) / (first.size + second.size);
}

const knownPairs = new Map<string, ReadonlySet<string>>();
const maxKnownPairs = 5_000;

/** The letter pairs of a word; remembered, because the same names are compared thousands of times. */
function pairsOf(word: string): ReadonlySet<string> {
  const known = knownPairs.get(word);
  if (known !== undefined) return known;
  const padded = `^${word}$`;
  const pairs = new Set(Array.from({ length: padded.length - 1 }, (_, index) => padded.slice(index, index + 2)));
  if (knownPairs.size >= maxKnownPairs) knownPairs.clear();
  knownPairs.set(word, pairs);
  return pairs;
}
