/** Arguments and operands in another order, one too many, one too few. */
import { childOf, childrenOf, type SyntaxNode } from '../syntax/syntax-node.ts';
import { insertAt, swapNodes } from './proposal.ts';
import type { Proposal, RepairOperator, Site } from './repair-operator.ts';

const ordered: ReadonlySet<string> = new Set([
  '-',
  '/',
  '%',
  '//',
  '**',
  '<<',
  '>>',
  '>>>',
  '+',
  'in',
  'instanceof',
  '??',
  '||',
  '&&',
  'or',
  'and',
]);

export const argumentOrder: RepairOperator = {
  name: 'argument-order',
  *propose(node, site) {
    if (node.shape === 'call') yield* swappedPairs(childrenOf(node, 'argument'), site);
    if (node.shape === 'list') yield* swappedPairs(childrenOf(node, 'item').slice(0, 4), site);
    // The parameters of a callback are in its caller's hands; those of a declaration are what its callers rely on.
    if (node.shape === 'function' && node.role === 'argument') yield* swappedPairs(parametersOf(node), site);
    if (node.shape === 'binary' && node.operators.length === 1) yield* swappedOperands(node, site);
  },
};

function* swappedPairs(nodes: readonly SyntaxNode[], site: Site): Generator<Proposal> {
  for (const [index, first] of nodes.entries()) {
    const second = nodes[index + 1];
    if (second === undefined || isNamed(first) || isNamed(second)) continue;
    if (site.textOf(first) !== site.textOf(second)) yield swapNodes(first, second, site);
  }
}

/** Keyword arguments of Python mean the same in any place. */
function isNamed(node: SyntaxNode): boolean {
  return node.kind === 'keyword_argument';
}

function parametersOf(node: SyntaxNode): readonly SyntaxNode[] {
  const listed = childrenOf(node, 'parameter');
  const [only] = listed;
  return listed.length === 1 && only?.shape === 'other' ? only.children : listed;
}

function* swappedOperands(node: SyntaxNode, site: Site): Generator<Proposal> {
  const left = childOf(node, 'left');
  const right = childOf(node, 'right');
  if (left === undefined || right === undefined || !ordered.has(node.operators[0]?.text ?? '')) return;
  if (left.shape === 'binary') {
    // `a - b - c` is `(a - b) - c`: the neighbour of `c` is `b`.
    const inner = childOf(left, 'right');
    if (inner !== undefined) yield swapNodes(inner, right, site);
    return;
  }
  if (right.shape !== 'binary') yield swapNodes(left, right, site);
}

export const argumentCount: RepairOperator = {
  name: 'argument-count',
  *propose(node, site) {
    if (node.shape !== 'call') return;
    const items = childrenOf(node, 'argument');
    yield* oneMore(node, items, site);
    if (items.length === 2) yield* relativeEnd(items, site);
    for (const [index, item] of items.entries()) {
      const next = items[index + 1];
      const before = items[index - 1];
      if (next !== undefined) yield { start: item.start, end: next.start, replacement: '' };
      else if (before !== undefined) yield { start: before.end, end: item.end, replacement: '' };
    }
  },
};

/** `slice(start, size)` where `slice(start, start + size)` was meant. */
function* relativeEnd(items: readonly SyntaxNode[], site: Site): Generator<Proposal> {
  const [first, second] = items;
  const isName = first?.shape === 'identifier' || first?.shape === 'member';
  if (isName && second !== undefined && second.shape !== 'function')
    yield insertAt(second.start, `${site.textOf(first)} + `);
}

/** A function of this file that takes more: pass what has the parameter's name here, alone or one further. */
function* oneMore(node: SyntaxNode, items: readonly SyntaxNode[], site: Site): Generator<Proposal> {
  const callee = childOf(node, 'callee');
  if (callee === undefined) return;
  const visible = site.scope.visibleAt(node);
  const parameters = visible.find((each) => each.name === site.textOf(callee))?.parameters ?? [];
  const wanted = parameters[items.length];
  if (wanted === undefined || !visible.some((each) => each.name === wanted)) return;
  const at = items.at(-1)?.end ?? node.end - 1;
  const comma = items.length === 0 ? '' : ', ';
  for (const text of [wanted, `${wanted} + 1`, `${wanted} - 1`]) yield insertAt(at, comma + text);
}
