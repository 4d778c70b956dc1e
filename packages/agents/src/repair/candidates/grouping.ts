/** Brackets in the other place: `(a + b) / 2` for `a + b / 2`. */
import { childOf, type SyntaxNode } from '../syntax/syntax-node.ts';
import { replaceNode } from './proposal.ts';
import type { Proposal, RepairOperator, Site } from './repair-operator.ts';

export const grouping: RepairOperator = {
  name: 'grouping',
  *propose(node, site) {
    if (node.shape === 'binary' && isGroupable(node)) {
      yield* intoRight(node, site);
      yield* intoLeft(node, site);
    }
    if (node.shape === 'parenthesis' && node.parent?.shape === 'binary') {
      const inner = childOf(node, 'value');
      if (inner?.shape === 'binary') yield replaceNode(node, site.textOf(inner));
    }
  },
};

/** Comparisons bind as they are meant; only arithmetic and connectives are mistaken. */
function isGroupable(node: SyntaxNode): boolean {
  return (
    node.operators.length === 1 &&
    !/^([<>]=?|[!=]==?|is|is not|in|not in|instanceof)$/.test(node.operators[0]?.text ?? '')
  );
}

/** `a + b / c` becomes `(a + b) / c`. */
function* intoRight(node: SyntaxNode, site: Site): Generator<Proposal> {
  const right = childOf(node, 'right');
  const inner = right?.shape === 'binary' && isGroupable(right) ? childOf(right, 'left') : undefined;
  if (right === undefined || inner === undefined) return;
  const grouped = site.source.slice(node.start, inner.end);
  yield replaceNode(node, `(${grouped})${site.source.slice(inner.end, node.end)}`);
}

/** `a * b + c` becomes `a * (b + c)`. */
function* intoLeft(node: SyntaxNode, site: Site): Generator<Proposal> {
  const left = childOf(node, 'left');
  const inner = left?.shape === 'binary' && isGroupable(left) ? childOf(left, 'right') : undefined;
  if (left === undefined || inner === undefined) return;
  yield replaceNode(node, `${site.source.slice(node.start, inner.start)}(${site.source.slice(inner.start, node.end)})`);
}
