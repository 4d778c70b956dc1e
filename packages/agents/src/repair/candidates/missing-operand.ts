/** A test left out: `a && b`, `a || b` for `b`, where `a` is a test that the code around makes, or one like `b`. */
import { childOf, enclosing, type Shape, type SyntaxNode } from '../syntax/syntax-node.ts';
import { connective } from './borrowed-parts.ts';
import { borrowable, namesIn } from './borrowing.ts';
import { placedText, replaceNode, tightText } from './proposal.ts';
import type { Proposal, RepairOperator, Site } from './repair-operator.ts';
import { membersBeside } from './variable.ts';

const maxTests = 12;
const maxForValue = 4;
const maxTwins = 8;

const valued: ReadonlySet<Shape> = new Set<Shape>(['identifier', 'member', 'subscript', 'call', 'binary', 'unary']);

export const missingOperand: RepairOperator = {
  name: 'missing-operand',
  *propose(node, site) {
    const inside = node.shape === 'parenthesis' && node.role === 'condition' ? childOf(node, 'value') : node;
    if (inside === undefined || node.shape === 'boolean') return;
    if (isAsked(node)) yield* joined(inside, maxTests, site);
    else if (isAnswer(node)) yield* joined(inside, maxForValue, site);
  },
};

/** A condition as a whole, or an operand of its connectives. */
function isAsked(node: SyntaxNode): boolean {
  if (node.role === 'condition') return true;
  const isOperand = node.role === 'left' || node.role === 'right';
  return isOperand && node.parent?.operators.some((token) => connective.test(token.text)) === true;
}

function isAnswer(node: SyntaxNode): boolean {
  if (!valued.has(node.shape)) return false;
  if (node.role === 'body') return node.parent?.shape === 'function';
  return node.role === 'value' && /^(?:return|assignment|declarator|parenthesis)$/.test(node.parent?.shape ?? '');
}

function* joined(node: SyntaxNode, most: number, site: Site): Generator<Proposal> {
  const [and, or] = site.isPython ? ['and', 'or'] : ['&&', '||'];
  const own = site.textOf(node);
  const operands = new Set(own.split(/\s*(?:&&|\|\||\band\b|\bor\b)\s*/));
  const found = [...flagsFor(node, site), ...testsFor(node, most, site)];
  const tests = [...new Set(found)].filter((text) => !operands.has(text)).slice(0, most);
  const twins = twinsOf(node, site);
  for (const { text, isEither } of twins) yield* pair(node, text, isEither ? (or ?? '') : (and ?? ''), site);
  for (const text of tests) yield* pair(node, text, and ?? '', site);
  for (const text of tests.slice(0, most - 2)) yield* pair(node, text, or ?? '', site);
}

function pair(node: SyntaxNode, other: string, sign: string, site: Site): readonly Proposal[] {
  const isMixed = node.operators.some((token) => token.text !== sign && /^(?:\|\||\?\?|or|and|&&)$/.test(token.text));
  const own = isMixed || !isPlain(node) ? bracketed(node, site) : site.textOf(node);
  const outer = node.parent?.operators.find((token) => connective.test(token.text))?.text;
  const isAsTight = outer === sign || (outer !== undefined && /^(?:and|&&)$/.test(sign));
  const place = (text: string): string => (isAsTight ? text : placedText(node, text));
  return [replaceNode(node, place(`${other} ${sign} ${own}`)), replaceNode(node, place(`${own} ${sign} ${other}`))];
}

function bracketed(node: SyntaxNode, site: Site): string {
  return node.shape === 'unary' || node.shape === 'await' ? site.textOf(node) : tightText(node, site);
}

/** Whether a node binds more tightly than any connective. */
function isPlain(node: SyntaxNode): boolean {
  return node.shape !== 'conditional' && node.shape !== 'assignment' && node.shape !== 'function';
}

/** A parameter that its function does not use otherwise, as it is or negated. */
function flagsFor(node: SyntaxNode, site: Site): readonly string[] {
  const owner = enclosing(node, 'function');
  if (owner === undefined) return [];
  const words = new Map<string, number>();
  for (const [word] of site.textOf(owner).matchAll(/[\p{L}_$][\p{L}\p{N}_$]*/gu))
    words.set(word, (words.get(word) ?? 0) + 1);
  const unused = site.scope
    .visibleAt(node)
    .filter((each) => each.depth === 0 && each.kind === 'parameter' && words.get(each.name) === 1)
    .slice(0, 2);
  return unused.flatMap(({ name }) => [name, site.isPython ? `not ${name}` : `!${name}`]);
}

/** Tests of the code around, first those over what this one and its statement use; plain names last. */
function testsFor(node: SyntaxNode, most: number, site: Site): readonly string[] {
  const statement = enclosing(node, 'if', 'loop', 'return', 'expressionStatement', 'declaration') ?? node;
  const context = new Set([...namesIn(node, site), ...namesIn(statement, site)]);
  const parts = borrowable(node, 'tests', context, site, most);
  return parts.filter((part) => part.names.length > 0).map((part) => part.text);
}

interface Twin {
  readonly text: string;
  readonly isEither: boolean;
}

/** The same comparison with another value, or of another member of the same object. */
function twinsOf(node: SyntaxNode, site: Site): readonly Twin[] {
  const left = childOf(node, 'left');
  const right = node.operators.length === 1 ? childOf(node, 'right') : undefined;
  const sign = node.operators[0]?.text ?? '';
  if (left === undefined || right === undefined || !/^(?:[!=]==?|is|is not)$/.test(sign)) return [];
  const property = left.shape === 'member' ? childOf(left, 'property') : undefined;
  const members = property === undefined ? [] : membersBeside(property, left, site).slice(0, 3);
  const tail = site.source.slice(left.end, node.end);
  const stem = property === undefined ? '' : site.source.slice(left.start, property.start);
  return [
    ...otherValues(node, right, sign, site),
    ...members.map((name) => ({ text: stem + name + tail, isEither: /!|not/.test(sign) })),
  ];
}

/** `c === '/'` beside `c === ':'`, with a value of the code around. */
function otherValues(node: SyntaxNode, right: SyntaxNode, sign: string, site: Site): readonly Twin[] {
  if (right.shape !== 'string' && right.shape !== 'number' && right.shape !== 'null') return [];
  const stem = site.source.slice(node.start, right.start);
  const others = site
    .nearby(node)
    .filter((each) => each.shape === right.shape && each.end - each.start <= right.end - right.start + 2);
  const comparing = others.filter((each) => each.parent?.operators.some((token) => token.text === sign) === true);
  const texts = new Set([...comparing, ...others].map((each) => site.textOf(each)));
  texts.delete(site.textOf(right));
  return [...texts].slice(0, maxTwins).map((text) => ({ text: stem + text, isEither: !sign.startsWith('!') }));
}
