/** A Python statement one level too deep or too shallow: a `return` inside the loop that it should follow. */
import { isListedStatement, type SyntaxNode } from '../syntax/syntax-node.ts';
import { indentOf } from './proposal.ts';
import type { Proposal, RepairOperator, Site } from './repair-operator.ts';

export const nesting: RepairOperator = {
  name: 'nesting',
  *propose(node, site) {
    if (!site.isPython || !isListedStatement(node) || site.lines.lineAt(node.start) !== site.lines.lineAt(node.end))
      return;
    const siblings = node.parent?.children ?? [];
    const place = siblings.indexOf(node);
    const owner = node.parent?.parent;
    const before = siblings[place - 1];
    if (owner !== undefined && place > 0 && place === siblings.length - 1 && isBranching(owner))
      yield* indented(node, owner, site);
    if (before !== undefined && isBranching(before)) yield* intoBlock(node, before, site);
  },
};

function isBranching(node: SyntaxNode): boolean {
  return node.shape === 'loop' || node.shape === 'if' || node.kind === 'with_statement';
}

function* intoBlock(node: SyntaxNode, before: SyntaxNode, site: Site): Generator<Proposal> {
  const last = before.children.findLast((child) => child.shape === 'block')?.children.at(-1);
  if (last !== undefined) yield* indented(node, last, site);
}

/** The statement with the indentation of another one. */
function indented(node: SyntaxNode, like: SyntaxNode, site: Site): readonly Proposal[] {
  const own = indentOf(node, site);
  const wanted = indentOf(like, site);
  if (own === undefined || wanted === undefined || own === wanted) return [];
  return [{ start: node.start - own.length, end: node.start, replacement: wanted }];
}
