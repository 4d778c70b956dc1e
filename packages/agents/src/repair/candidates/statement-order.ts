/** Two neighbouring statements in the other order. */
import { isListedStatement, type SyntaxNode } from '../syntax/syntax-node.ts';
import { isExit } from './borrowed-parts.ts';
import { namesIn } from './borrowing.ts';
import { swapNodes } from './proposal.ts';
import type { Proposal, RepairOperator, Site } from './repair-operator.ts';

export const statementOrder: RepairOperator = {
  name: 'statement-order',
  *propose(node, site) {
    if (!isMovable(node)) return;
    const siblings = node.parent?.children ?? [];
    const place = siblings.indexOf(node);
    const next = siblings[place + 1];
    const before = siblings[place - 1];
    if (before !== undefined) yield* exchanged(before, node, site);
    if (next !== undefined) yield* exchanged(node, next, site);
  },
};

function isMovable(node: SyntaxNode): boolean {
  const isMoving = node.shape === 'expressionStatement' || node.shape === 'if' || node.shape === 'loop';
  return isMoving && isListedStatement(node) && node.children[0]?.shape !== 'string';
}

/** Statements that have no name in common may stand in either order. */
function* exchanged(first: SyntaxNode, second: SyntaxNode, site: Site): Generator<Proposal> {
  if (!isMovable(first) || !isMovable(second)) return;
  const names = namesIn(first, site);
  const isCalling = [first, second].some((each) => site.textOf(each).includes('(') || endsEarly(each));
  const isRelated = [...namesIn(second, site)].some((name) => names.has(name));
  if (isRelated || isCalling) yield swapNodes(first, second, site);
}

function endsEarly(node: SyntaxNode): boolean {
  return isExit(node) || node.children.some((child) => child.shape === 'block' && child.children.some(isExit));
}
