/** A word left out: `return`, `await`, a copy of what is about to be changed. */
import { childOf, descend, enclosing, type Shape, type SyntaxNode } from '../syntax/syntax-node.ts';
import { readsOnly } from './pure-calls.ts';
import { insertAfter, insertAt, placedText, replaceAll, replaceNode, endMark } from './proposal.ts';
import type { Proposal, RepairOperator, Site } from './repair-operator.ts';

const maxReturned = 4;

export const missingReturn: RepairOperator = {
  name: 'missing-return',
  *propose(node, site) {
    const holder = node.parent;
    const isLast = holder?.children.at(-1) === node;
    if (node.shape === 'expressionStatement' && !isDirectiveOrAssignment(node)) yield insertAt(node.start, 'return ');
    const isEndOfFunction = isLast && holder?.shape === 'block' && holder.parent?.shape === 'function';
    if (isEndOfFunction && node.shape !== 'return' && node.shape !== 'throw') yield* returnedName(node, site);
    if (node.shape === 'return' && node.children.length === 0) yield* returnedValue(node, site);
  },
};

function isDirectiveOrAssignment(node: SyntaxNode): boolean {
  const value = childOf(node, 'value');
  return (
    value === undefined ||
    value.shape === 'string' ||
    value.shape === 'assignment' ||
    enclosing(node, 'function') === undefined
  );
}

function* returnedName(node: SyntaxNode, site: Site): Generator<Proposal> {
  const self = site.isPython ? 'self' : 'this';
  const names = site.scope
    .visibleAt(node)
    .filter((each) => each.depth === 0 && (each.kind === 'local' || each.kind === 'parameter'));
  if (isConstructor(node, site)) return;
  const assigned = node.shape === 'expressionStatement' || node.shape === 'loop' || node.shape === 'if' ? [self] : [];
  const last = names
    .toReversed()
    .slice(0, maxReturned)
    .map((each) => each.name)
    .filter((name) => name !== self);
  const texts = [...last, ...borrowedAnswers(node, site), ...(enclosing(node, 'class') === undefined ? [] : assigned)];
  for (const name of texts) yield* insertAfter(node, [`return ${name}${endMark(node, site)}`], site);
}

/** The other answer of a function that says yes or no, else the answers that it gives elsewhere. */
function borrowedAnswers(node: SyntaxNode, site: Site): readonly string[] {
  const owner = enclosing(node, 'function');
  if (owner === undefined) return [];
  const answers = [...descend(owner, (each) => each.shape !== 'function')]
    .filter((each) => each.role === 'value' && each.parent?.shape === 'return')
    .map((each) => site.textOf(each));
  const opposite: Readonly<Record<string, string>> = { true: 'false', false: 'true', True: 'False', False: 'True' };
  const others = answers.flatMap((answer) =>
    Object.hasOwn(opposite, answer) ? [opposite[answer] ?? answer, answer] : [answer],
  );
  return [...new Set(others)].filter((answer) => answer.length < 20).slice(0, 4);
}

function isConstructor(node: SyntaxNode, site: Site): boolean {
  const owner = enclosing(node, 'function');
  const named = site.isPython ? owner : owner?.parent;
  const name = named === undefined ? undefined : (childOf(named, 'id') ?? childOf(named, 'key'));
  return name !== undefined && /^(constructor|__init__)$/.test(site.textOf(name));
}

function returnedValue(node: SyntaxNode, site: Site): readonly Proposal[] {
  const at = node.start + 'return'.length;
  const values = site.isPython ? ['[]', '0', '""', 'False', 'True', '{}'] : ['[]', '0', "''", 'false', 'true', 'null'];
  return values.map((value) => insertAt(at, ` ${value}`));
}

export const missingAwait: RepairOperator = {
  name: 'missing-await',
  *propose(node, site) {
    if (node.shape !== 'call' || node.parent?.shape === 'await' || node.kind === 'NewExpression') return;
    const owner = enclosing(node, 'function');
    const isAsync = owner === undefined ? !site.isPython : owner.flags.includes('async');
    if (isAsync) yield replaceNode(node, placedText(node, `await ${site.textOf(node)}`));
  },
};

const copied: ReadonlySet<Shape> = new Set<Shape>(['identifier', 'member', 'subscript']);
const mutating = /\.(sort|reverse|splice|push|pop|shift|unshift|fill|append|extend|insert|remove|clear|update)$/;

export const missingCopy: RepairOperator = {
  name: 'missing-copy',
  *propose(node, site) {
    if (copied.has(node.shape) && isShared(node, site)) yield* copies(node, site);
  },
};

function isShared(node: SyntaxNode, site: Site): boolean {
  if (node.role === 'object') {
    return node.parent?.role === 'callee' && mutating.test(site.textOf(node.parent));
  }
  if (node.role === 'argument') return !readsOnly(node, site);
  if (node.role === 'iterable') return true;
  return node.role === 'value' && ['return', 'assignment', 'declarator', 'other'].includes(node.parent?.shape ?? '');
}

/** Kinds that are copied by their constructor, and what a source that uses them contains. */
const builtIns: readonly (readonly [string, RegExp])[] = [
  ['Date', /\bDate\b|\.[gs]et(UTC)?(Date|Month|FullYear|Hours|Time)\(/],
  ['Map', /\bMap\b/],
  ['Set', /\bSet\b/],
];

function copies(node: SyntaxNode, site: Site): readonly Proposal[] {
  const text = site.textOf(node);
  if (node.role === 'object') return replaceAll(node, site.isPython ? [`list(${text})`] : [`[...${text}]`]);
  const kinds = builtIns.filter(([, sign]) => sign.test(site.source)).map(([kind]) => `new ${kind}(${text})`);
  const texts = site.isPython
    ? [`list(${text})`, `dict(${text})`, `${text}.copy()`, `${text}[:]`, `set(${text})`]
    : [`[...${text}]`, `{ ...${text} }`, `${text}.slice()`, ...kinds];
  return replaceAll(
    node,
    texts.map((each) => (each.startsWith('{') && node.role === 'body' ? `(${each})` : each)),
  );
}
