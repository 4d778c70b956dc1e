/** An expression replaced by one of its own parts: `a` for `a + 1`, `x` for `!x`, `items` for `items.reverse()`. */
import { childOf, childrenOf, type Shape, type SyntaxNode } from '../syntax/syntax-node.ts';
import { placedText, replaceNode } from './proposal.ts';
import type { Proposal, RepairOperator, Site } from './repair-operator.ts';

type Parts = (node: SyntaxNode) => readonly (SyntaxNode | undefined)[];

const partsByShape: Partial<Readonly<Record<Shape, Parts>>> = {
  binary: (node) => [childOf(node, 'left'), ...childrenOf(node, 'right')],
  unary: (node) => [childOf(node, 'operand')],
  await: (node) => [childOf(node, 'value')],
  conditional: (node) => [childOf(node, 'consequent'), childOf(node, 'alternate')],
  call: (node) => [...partsOfCall(node)],
  subscript: (node) => [childOf(node, 'object')],
  member: (node) => [childOf(node, 'object')].filter((object) => object?.kind !== 'ThisExpression'),
  list: (node) => (node.children.length === 1 ? [node.children[0]] : []),
  spread: (node) => [childOf(node, 'value')],
};

export const subExpression: RepairOperator = {
  name: 'sub-expression',
  *propose(node, site) {
    if (node.role === 'target' || node.role === 'callee') return;
    for (const part of partsByShape[node.shape]?.(node) ?? []) {
      if (part !== undefined) yield replaced(node, node.shape === 'unary' ? bared(part, node) : part, site);
    }
    if (node.shape === 'return' && node.children.length === 1) yield* bareReturn(node, site);
  },
};

/** `a && b` for `!(a && b)`: the brackets go with the sign, unless something outside takes hold of the inside. */
function bared(part: SyntaxNode, node: SyntaxNode): SyntaxNode {
  const inner = part.shape === 'parenthesis' ? childOf(part, 'value') : undefined;
  const isFree =
    node.role === 'condition' ||
    node.role === 'argument' ||
    node.parent?.shape === 'return' ||
    node.parent?.shape === 'parenthesis';
  return inner !== undefined && isFree ? inner : part;
}

function* partsOfCall(node: SyntaxNode): Generator<SyntaxNode> {
  const callee = childOf(node, 'callee');
  const object = callee?.shape === 'member' ? childOf(callee, 'object') : undefined;
  if (object !== undefined && object.kind !== 'ThisExpression') yield object;
  if (callee !== undefined && node.role === 'argument') yield callee;
  for (const item of childrenOf(node, 'argument').slice(0, 2)) if (item.shape !== 'spread') yield item;
}

function replaced(node: SyntaxNode, part: SyntaxNode, site: Site): Proposal {
  const text = site.textOf(part);
  const isLoose =
    part.shape === 'conditional' || part.shape === 'assignment' || part.shape === 'function' || part.shape === 'binary';
  return replaceNode(node, isLoose && node.shape !== 'binary' ? placedText(node, text) : text);
}

function* bareReturn(node: SyntaxNode, site: Site): Generator<Proposal> {
  const value = childOf(node, 'value');
  if (value === undefined || value.shape === 'function') return;
  // `return x` without the jump: the value is computed and the code goes on.
  if (value.shape === 'call') yield replaceNode(node, site.textOf(node).replace(/^return\s*/, ''));
}
