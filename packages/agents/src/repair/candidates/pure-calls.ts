/** Calls that only read their arguments: a copy for them changes nothing. */
import { childOf, type SyntaxNode } from '../syntax/syntax-node.ts';
import type { Site } from './repair-operator.ts';

const reading =
  /^(len|range|str|int|float|repr|sum|max|min|abs|round|any|all|set|list|dict|tuple|sorted|reversed|enumerate|zip|isinstance|print|Math\.\w+|Number(\.\w+)?|String|Boolean|Array\.(isArray|from)|Object\.\w+|JSON\.\w+|parseInt|parseFloat|console\.\w+|isNaN)$/;

/** Whether a node is an argument of such a call. */
export function readsOnly(node: SyntaxNode, site: Site): boolean {
  const callee = node.role === 'argument' && node.parent !== undefined ? childOf(node.parent, 'callee') : undefined;
  return callee !== undefined && reading.test(site.textOf(callee));
}
