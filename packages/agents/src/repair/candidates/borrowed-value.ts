/** Another value for the same name: what the code around assigns to it, or returns from the same function. */
import { childOf, enclosing, type SyntaxNode } from '../syntax/syntax-node.ts';
import type { Part } from './borrowed-parts.ts';
import { bestOf, namesIn, visibleNames } from './borrowing.ts';
import { replaceAll } from './proposal.ts';
import type { RepairOperator, Site } from './repair-operator.ts';

const maxValues = 8;

export const borrowedValue: RepairOperator = {
  name: 'borrowed-value',
  *propose(node, site) {
    if (node.role !== 'value') return;
    const parent = node.parent;
    if (parent?.shape === 'assignment' || parent?.shape === 'declarator')
      yield* replaceAll(node, assigned(node, parent, site));
    if (parent?.shape === 'return') yield* replaceAll(node, returned(node, site));
  },
};

/** Values of assignments to the same target, or to the same member of another object. */
function assigned(node: SyntaxNode, holder: SyntaxNode, site: Site): readonly string[] {
  const target = childOf(holder, 'target');
  if (target === undefined) return [];
  const text = site.textOf(target);
  const last = lastWord(text);
  const alike = site.parts
    .near(node)
    .assignments.filter((part) => part.node !== holder && lastWord(targetOf(part, site)) === last);
  const visible = visibleNames(node, site);
  const chosen = bestOf(alike, node, namesIn(holder, site), maxValues, (part) => site.parts.isKnownAt(part, visible));
  const sameTarget = chosen.toSorted((a, b) => Number(targetOf(b, site) === text) - Number(targetOf(a, site) === text));
  return valuesOf(sameTarget, node, site);
}

function returned(node: SyntaxNode, site: Site): readonly string[] {
  const home = enclosing(node, 'function');
  const exits = site.parts.near(node).exits.filter((part) => part.home === home && part.node.shape === 'return');
  const visible = visibleNames(node, site);
  const chosen = bestOf(exits, node, namesIn(node, site), maxValues, (part) => site.parts.isKnownAt(part, visible));
  return valuesOf(chosen, node, site);
}

function valuesOf(parts: readonly Part[], node: SyntaxNode, site: Site): readonly string[] {
  const values = parts.flatMap((part) => childOf(part.node, 'value') ?? []).map((value) => site.textOf(value));
  return [...new Set(values)].filter((text) => text !== site.textOf(node));
}

function targetOf(part: Part, site: Site): string {
  const target = childOf(part.node, 'target') ?? childOf(part.node, 'key');
  return target === undefined ? '' : site.textOf(target);
}

function lastWord(text: string): string {
  return /[\p{L}\p{N}_$]+$/u.exec(text)?.[0] ?? text;
}
