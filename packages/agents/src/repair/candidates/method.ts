/** Another method of the same family, and calls that leave out what they need: a comparator, a radix, an initial value. */
import { childOf, childrenOf, type SyntaxNode } from '../syntax/syntax-node.ts';
import { pythonMethodGroups, scriptMethodGroups } from './confusable-methods.ts';
import { insertAt, replaceAll, replaceNode } from './proposal.ts';
import type { Proposal, RepairOperator, Site } from './repair-operator.ts';

export const method: RepairOperator = {
  name: 'method',
  *propose(node, site) {
    const isName = node.role === 'property' || (node.shape === 'identifier' && node.role === 'callee');
    if (isName) yield* replaceAll(node, confusableWith(site.textOf(node), site));
    if (node.shape === 'call') yield* completedCall(node, site);
    if (node.shape === 'call') yield* chained(node, site);
    if (node.shape === 'identifier' || node.shape === 'member') yield* calledElsewhere(node, site);
    if (node.shape === 'function' && !site.isPython) yield* reversedComparator(node, site);
  },
};

function confusableWith(name: string, site: Site): readonly string[] {
  const groups = site.isPython ? pythonMethodGroups : scriptMethodGroups;
  const others = groups.filter((group) => group.includes(name)).flat();
  return [...new Set(others)].filter((other) => other !== name);
}

type Completion = (items: readonly string[]) => readonly string[];

/** Arguments to use in place of those given, by the name that is called. */
const scriptCompletions: Readonly<Record<string, Completion>> = {
  sort: (items) => (items.length === 0 ? ['(a, b) => a - b', '(a, b) => b - a', '(a, b) => a.localeCompare(b)'] : ['']),
  toSorted: (items) => (items.length === 0 ? ['(a, b) => a - b', '(a, b) => b - a'] : ['']),
  parseInt: ([text]) => (text === undefined ? [] : [`${text}, 10`, `${text}, 2`, `${text}, 16`]),
  reduce: (items) =>
    items.length === 1 ? ['0', '1', "''", '[]', '{}'].map((start) => `${items[0] ?? ''}, ${start}`) : [],
  join: (items) => (items.length === 0 ? ["''", "' '", "', '"] : []),
  toString: (items: readonly string[]) => (items.length === 0 ? ['2', '16', '36'] : ['']),
  flat: (items) => (items.length === 0 ? ['Infinity'] : []),
  slice: (items) => (items.length === 1 ? [`0, ${items[0] ?? ''}`, `0, -${items[0] ?? ''}`, `-${items[0] ?? ''}`] : []),
};

const pythonCompletions: Readonly<Record<string, Completion>> = {
  sort: (items) => (items.length === 0 ? ['reverse=True'] : ['', ...withReverse(items)]),
  sorted: (items) => withReverse(items),
  int: ([text]) => (text === undefined ? [] : [`${text}, 2`, `${text}, 16`]),
  split: (items) => (items.length === 1 ? [`${items[0] ?? ''}, 1`, ''] : items.length === 0 ? ["','", "' '"] : []),
  enumerate: (items) => (items.length === 1 ? [`${items[0] ?? ''}, 1`, `${items[0] ?? ''}, start=1`] : []),
  sum: (items) => (items.length === 1 ? [`${items[0] ?? ''}, []`] : []),
  max: (items) => (items.length === 1 ? [`${items[0] ?? ''}, default=0`, `${items[0] ?? ''}, default=None`] : []),
  min: (items) => (items.length === 1 ? [`${items[0] ?? ''}, default=0`, `${items[0] ?? ''}, default=None`] : []),
  pop: (items) => (items.length === 0 ? ['0'] : items.length === 1 ? ['', `${items[0] ?? ''}, None`] : []),
  round: (items) => (items.length === 1 ? [`${items[0] ?? ''}, 2`] : []),
};

function withReverse(items: readonly string[]): readonly string[] {
  const kept = items.filter((item) => !item.startsWith('reverse='));
  return [kept.length === items.length ? [...items, 'reverse=True'].join(', ') : kept.join(', ')];
}

function* completedCall(node: SyntaxNode, site: Site): Generator<Proposal> {
  const callee = childOf(node, 'callee');
  if (callee === undefined) return;
  const name = /[\p{L}_$][\p{L}\p{N}_$]*$/u.exec(site.textOf(callee))?.[0] ?? '';
  const table = site.isPython ? pythonCompletions : scriptCompletions;
  const nodes = childrenOf(node, 'argument');
  const completion = Object.hasOwn(table, name) ? table[name] : undefined;
  const items = nodes.map((item) => site.textOf(item));
  const open = nodes[0]?.start ?? node.end - 1;
  const end = nodes.at(-1)?.end ?? node.end - 1;
  for (const text of completion?.(items) ?? []) yield { start: open, end, replacement: text };
}

/** Text that was split, cut or read, but not trimmed or lowered. */
const textual: ReadonlySet<string> = new Set([
  'sub',
  'title',
  'upper',
  'toUpperCase',
  'split',
  'slice',
  'substring',
  'replace',
  'trim',
  'toLowerCase',
  'join',
  'strip',
  'lower',
  'String',
  'str',
  'readline',
  'group',
]);

function* chained(node: SyntaxNode, site: Site): Generator<Proposal> {
  const callee = childOf(node, 'callee');
  const name = callee === undefined ? '' : (/\w+$/.exec(site.textOf(callee))?.[0] ?? '');
  if (name === 'filter' || name === 'map') {
    if (!site.isPython) yield insertAt(node.end, '.length');
  }
  if (name === 'map' && !site.isPython) yield insertAt(node.end, '.filter(Boolean)');
  if (!textual.has(name)) return;
  const calls = site.isPython
    ? ['.strip()', '.lower()', '.upper()']
    : ['.trim()', '.toLowerCase()', '.toUpperCase()', ".join('')"];
  const object = callee?.shape === 'member' ? childOf(callee, 'object') : undefined;
  for (const call of calls) yield insertAt(node.end, call);
  if (object === undefined) return;
  for (const call of calls.slice(0, 2)) yield insertAt(object.end, call);
}

const maxCalls = 3;
const received: ReadonlySet<string> = new Set([
  'argument',
  'left',
  'right',
  'value',
  'object',
  'iterable',
  'condition',
  'item',
]);

/** `line.strip()` for `line`, where the file strips a `line` elsewhere. */
function* calledElsewhere(node: SyntaxNode, site: Site): Generator<Proposal> {
  const name = site.textOf(node);
  if (!received.has(node.role) || name.length < 2 || name.length > 40 || /^(self|cls)$/.test(name)) return;
  const pattern = new RegExp(
    `(?<![\\p{L}\\p{N}_$.])${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\.([\\p{L}_$][\\p{L}\\p{N}_$]*)\\(\\)`,
    'gu',
  );
  const calls = new Set([...site.source.matchAll(pattern)].map((match) => match[1] ?? ''));
  for (const call of [...calls].slice(0, maxCalls)) yield insertAt(node.end, `.${call}()`);
}

/** `(a, b) => b - a` for `(a, b) => a - b`: the parameters change places. */
function* reversedComparator(node: SyntaxNode, site: Site): Generator<Proposal> {
  const body = childOf(node, 'body');
  if (body?.shape !== 'binary') return;
  const left = childOf(body, 'left');
  const right = childOf(body, 'right');
  if (left === undefined || right === undefined || body.operators[0]?.text !== '-') return;
  yield replaceNode(body, `${site.textOf(right)} - ${site.textOf(left)}`);
}
