/** Another arithmetic operator or rounding: `-` for `+`, `//` for `/`, `ceil` for `floor`, `max` for `min`. */
import { childOf, type SyntaxNode } from '../syntax/syntax-node.ts';
import { insertAt, placedText, replaceNode, tightText } from './proposal.ts';
import type { Proposal, RepairOperator, Site } from './repair-operator.ts';

const commonAlternatives: Readonly<Record<string, readonly string[]>> = {
  '+': ['-', '*', '/'],
  '-': ['+', '*', '/'],
  '*': ['/', '+', '**', '-'],
  '/': ['*', '%', '-', '+'],
  '%': ['/', '*', '-'],
  '**': ['*'],
  '&': ['|', '^'],
  '|': ['&', '^'],
  '^': ['&', '|'],
  '<<': ['>>'],
  '>>': ['<<'],
  '+=': ['-=', '=', '*='],
  '-=': ['+=', '='],
  '*=': ['/=', '+=', '='],
  '/=': ['*=', '='],
  '%=': ['/=', '='],
  '|=': ['&=', '=', '^='],
  '&=': ['|=', '='],
  '^=': ['|=', '&='],
  '=': ['+=', '-='],
  '++': ['--'],
  '--': ['++'],
};

const pythonAlternatives: Readonly<Record<string, readonly string[]>> = {
  ...commonAlternatives,
  '/': ['//', '*', '%', '-', '+'],
  '//': ['/', '%', '*'],
  '%': ['//', '/', '*'],
  '/=': ['//=', '*=', '='],
  '//=': ['/=', '%='],
};

const scriptAlternatives: Readonly<Record<string, readonly string[]>> = {
  ...commonAlternatives,
  '>>': ['>>>', '<<'],
  '>>>': ['>>', '<<'],
  '??=': ['||=', '='],
  '||=': ['??=', '&&=', '='],
  '&&=': ['||=', '='],
};

const shapes = new Set(['binary', 'assignment', 'update']);

export const arithmetic: RepairOperator = {
  name: 'arithmetic',
  *propose(node, site) {
    if (shapes.has(node.shape)) yield* otherOperators(node, site);
    if (node.shape === 'binary') yield* rounded(node, site);
    if (node.shape === 'binary' && node.role === 'value') yield* oneMoreOperand(node, site);
    if (node.role === 'value' && node.parent?.shape === 'return') yield* negative(node, site);
  },
};

function* otherOperators(node: SyntaxNode, site: Site): Generator<Proposal> {
  const alternatives = site.isPython ? pythonAlternatives : scriptAlternatives;
  for (const token of node.operators) {
    for (const text of alternatives[token.text] ?? []) yield { start: token.start, end: token.end, replacement: text };
  }
  if (node.shape === 'binary') yield* secondFactor(node, site);
}

/** `a * 2` may have meant `a * a`. */
function* secondFactor(node: SyntaxNode, site: Site): Generator<Proposal> {
  const left = childOf(node, 'left');
  const right = childOf(node, 'right');
  if (left?.shape !== 'identifier' || right?.shape !== 'number' || node.operators[0]?.text !== '*') return;
  yield replaceNode(right, site.textOf(left));
}

const maxOperands = 4;

/** `half * half * base` for `half * half`: one more of the names at hand. */
function* oneMoreOperand(node: SyntaxNode, site: Site): Generator<Proposal> {
  const operator = node.operators[0]?.text ?? '';
  const right = childOf(node, 'right');
  if (!['+', '*', '-'].includes(operator) || right === undefined) return;
  const text = site.textOf(node);
  const names = site.scope
    .visibleAt(node)
    .filter(
      (each) => each.depth === 0 && (each.kind === 'parameter' || each.kind === 'local') && !text.includes(each.name),
    );
  for (const each of names.slice(0, maxOperands)) yield insertAt(node.end, ` ${operator} ${each.name}`);
}

/** A quotient that should be whole. */
function* rounded(node: SyntaxNode, site: Site): Generator<Proposal> {
  const operator = node.operators[0]?.text;
  if (site.isPython || (operator !== '/' && operator !== '*')) return;
  const text = site.textOf(node);
  for (const name of operator === '/' ? ['floor', 'ceil', 'round', 'trunc'] : ['round', 'floor']) {
    yield replaceNode(node, `Math.${name}(${text})`);
  }
}

function negative(node: SyntaxNode, site: Site): readonly Proposal[] {
  const isNumeric = ['identifier', 'member', 'subscript', 'number', 'call', 'binary'].includes(node.shape);
  return isNumeric ? [replaceNode(node, placedText(node, `-${tightText(node, site)}`))] : [];
}
