/** Off by one: `n` for `n - 1`, `x[1:]` for `x[:]`, `range(1, n + 1)` for `range(n)`. */
import { childOf, childrenOf, type Shape, type SyntaxNode } from '../syntax/syntax-node.ts';
import { insertAt, placedText, replaceAll, replaceNode } from './proposal.ts';
import type { Proposal, RepairOperator, Site } from './repair-operator.ts';

const countable: ReadonlySet<Shape> = new Set<Shape>(['identifier', 'member', 'subscript', 'call', 'binary']);
const bounded: ReadonlySet<string> = new Set([
  'index',
  'lower',
  'upper',
  'argument',
  'value',
  'left',
  'right',
  'body',
  'item',
]);
const addition: ReadonlySet<string> = new Set(['+', '-', '*', '/', '//', '%']);
const comparing = /^([<>]=?|[!=]==?)$/;

export const boundary: RepairOperator = {
  name: 'boundary',
  *propose(node, site) {
    if (isCountable(node)) yield* shiftByOne(node, site);
    if (node.shape === 'slice') yield* sliceBounds(node, site);
    if (node.shape === 'call' && site.isPython) yield* rangeArguments(node, site);
    if (node.shape === 'update') yield* updatePosition(node, site);
  },
};

function isCountable(node: SyntaxNode): boolean {
  if (!countable.has(node.shape) || !bounded.has(node.role)) return false;
  if (node.shape === 'binary' && !node.operators.some((token) => addition.has(token.text))) return false;
  if (node.role === 'value' && !['return', 'assignment', 'declarator'].includes(node.parent?.shape ?? '')) return false;
  if (node.role === 'item') return node.parent?.shape === 'template';
  if (node.role === 'body') return node.parent?.shape === 'function';
  // `i + 1 < n` is `i < n - 1`: the right side alone is enough.
  if (node.role === 'right')
    return node.parent?.operators.some((token) => comparing.test(token.text) || token.text === '*') ?? false;
  return node.role !== 'left' || node.parent?.operators.some((token) => token.text === '*') === true;
}

function shiftByOne(node: SyntaxNode, site: Site): readonly Proposal[] {
  const text = site.textOf(node);
  const multiplied = node.parent?.operators.some((token) => token.text === '*') === true;
  const place = (changed: string): string => (multiplied ? placedText(node, changed) : changed);
  return replaceAll(node, [place(`${text} + 1`), place(`${text} - 1`)]);
}

function* sliceBounds(node: SyntaxNode, site: Site): Generator<Proposal> {
  const lower = childOf(node, 'lower');
  const upper = childOf(node, 'upper');
  const colon = lower?.end ?? node.start;
  if (lower === undefined) yield insertAt(node.start, '1');
  else yield replaceNode(lower, '');
  if (upper !== undefined) yield replaceNode(upper, '');
  else if (site.source[colon] === ':') yield insertAt(colon + 1, '-1');
  yield* namedBounds(node, lower, upper, site);
  if (lower !== undefined && upper !== undefined) yield insertAt(upper.start, `${site.textOf(lower)} + `);
  if (childOf(node, 'step') === undefined && upper === undefined) yield insertAt(node.end, ':-1');
}

const maxBounds = 4;

/** `x[:end]` for `x[:]`: a bound that a variable holds. */
function* namedBounds(
  node: SyntaxNode,
  lower: SyntaxNode | undefined,
  upper: SyntaxNode | undefined,
  site: Site,
): Generator<Proposal> {
  if (lower !== undefined && upper !== undefined) return;
  const beside = new Set(node.parent?.children.map((child) => site.textOf(child)));
  const names = site.scope
    .visibleAt(node)
    .filter((each) => each.depth === 0 && !beside.has(each.name) && each.name !== 'self');
  for (const { name } of names.slice(-maxBounds)) {
    if (upper === undefined) yield insertAt(node.end, name);
    if (lower === undefined) yield insertAt(node.start, name);
  }
}

/** The shapes of `range`: start at one, end one later, count down. */
function* rangeArguments(node: SyntaxNode, site: Site): Generator<Proposal> {
  const callee = childOf(node, 'callee');
  const items = childrenOf(node, 'argument');
  const [first, second, third] = items.map((item) => site.textOf(item));
  if (callee === undefined || site.textOf(callee) !== 'range' || first === undefined) return;
  const ranges =
    second === undefined
      ? [`range(1, ${first})`, `range(1, ${first} + 1)`, `range(${first} - 1, -1, -1)`]
      : third === undefined
        ? [
            `range(${second})`,
            `range(${first}, ${second}, -1)`,
            `range(${first} + 1, ${second} + 1)`,
            `range(${first}, ${second}, 2)`,
          ]
        : [`range(${first}, ${second})`];
  const steps = site.scope.visibleAt(node).filter((each) => each.kind === 'parameter' && each.name !== 'self');
  const stepped = steps.slice(0, 4).map((each) => `range(${first}, ${second ?? ''}, ${each.name})`);
  yield* replaceAll(node, second !== undefined && third === undefined ? [...ranges, ...stepped] : ranges);
}

/** `i++` and `++i` differ where the value is used. */
function updatePosition(node: SyntaxNode, site: Site): readonly Proposal[] {
  const operand = childOf(node, 'operand');
  const [token] = node.operators;
  if (
    operand === undefined ||
    token === undefined ||
    node.parent?.shape === 'expressionStatement' ||
    node.role === 'update'
  )
    return [];
  const text = site.textOf(operand);
  return [replaceNode(node, token.start < operand.start ? text + token.text : token.text + text)];
}
