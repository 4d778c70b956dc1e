/** Which of the parts around a place are offered there, and in which order. */
import { enclosing, type SyntaxNode } from '../syntax/syntax-node.ts';
import type { Part, Parts } from './borrowed-parts.ts';
import type { Site } from './repair-operator.ts';

/** The names that can be used at a node. */
export function visibleNames(node: SyntaxNode, site: Site): ReadonlySet<string> {
  return new Set(site.scope.visibleAt(node).map((each) => each.name));
}

/**
 * The parts of a kind that can stand at a node, each text once: those that share most names with the context first, then those of
 * the same function, the same class, the nearest.
 */
export function borrowable(
  node: SyntaxNode,
  kind: keyof Parts,
  context: ReadonlySet<string>,
  site: Site,
  most: number,
): readonly Part[] {
  const visible = visibleNames(node, site);
  const parts = site.parts.near(node)[kind].filter((part) => !overlaps(part.node, node));
  return bestOf(parts, node, context, most, (part) => site.parts.isKnownAt(part, visible));
}

/** The first `most` parts in order of worth, each text once, that pass. */
export function bestOf(
  parts: readonly Part[],
  node: SyntaxNode,
  context: ReadonlySet<string>,
  most: number,
  passes: (part: Part) => boolean,
): readonly Part[] {
  const home = enclosing(node, 'function');
  const owner = enclosing(node, 'class');
  const counts = new Map<string, number>();
  for (const part of parts) counts.set(part.text, (counts.get(part.text) ?? 0) + 1);
  const distance = (part: Part): number => {
    const shared = part.names.filter((name) => context.has(name)).length;
    const familiar = part.names.length === 0 ? 0 : shared / part.names.length;
    const place = part.home === home ? 0 : owner !== undefined && enclosing(part.node, 'class') === owner ? 0.6 : 0.9;
    return place - 1.5 * familiar - 0.2 * shared - 0.1 * Math.min((counts.get(part.text) ?? 1) - 1, 4);
  };
  const sorted = parts
    .map((part, index) => ({ part, index, cost: distance(part) }))
    .toSorted((a, b) => a.cost - b.cost || a.index - b.index);
  const chosen = new Map<string, Part>();
  for (const { part } of sorted) {
    if (chosen.size >= most) break;
    if (!chosen.has(part.text) && passes(part)) chosen.set(part.text, part);
  }
  return [...chosen.values()];
}

/** The identifiers in the text of a node. */
export function namesIn(node: SyntaxNode, site: Site): ReadonlySet<string> {
  return new Set(site.textOf(node).match(/[\p{L}_$][\p{L}\p{N}_$]*/gu));
}

function overlaps(a: SyntaxNode, b: SyntaxNode): boolean {
  return a.start < b.end && b.start < a.end;
}
