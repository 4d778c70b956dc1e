/** Another name of the scope, another member of the same object: nearest and most similar first. */
import type { VisibleName } from '../syntax/scope.ts';
import { ancestorsOf, childOf, enclosing, type SyntaxNode } from '../syntax/syntax-node.ts';
import { replaceAll, similarity } from './proposal.ts';
import type { Proposal, RepairOperator, Site } from './repair-operator.ts';

const maxNames = 20;
const maxMembers = 12;
const callable: ReadonlySet<string> = new Set(['function', 'class', 'import']);

export const variable: RepairOperator = {
  name: 'variable',
  *propose(node, site) {
    if (node.shape !== 'identifier' || site.textOf(node) === 'undefined') return;
    const name = site.textOf(node);
    yield* replaceAll(node, ownField(node, name, site));
    yield* replaceAll(node, otherNames(node, name, site));
  },
};

function otherNames(node: SyntaxNode, name: string, site: Site): readonly string[] {
  const visible = site.scope.visibleAt(node);
  const own = visible.find((each) => each.name === name);
  const isCallable = node.role === 'callee' || (own !== undefined && callable.has(own.kind));
  const beside = new Set(node.parent?.children.map((child) => site.textOf(child)));
  const wanted = visible.filter((each) => !beside.has(each.name) && isSameSort(each, isCallable, own, node));
  const cost = (each: VisibleName): number =>
    each.depth * 2 - similarity(each.name, name) * 3 + (each.kind === 'parameter' ? -0.2 : 0);
  return wanted
    .map((each, index) => ({ name: each.name, cost: cost(each), index }))
    .toSorted((a, b) => a.cost - b.cost || a.index - b.index)
    .slice(0, maxNames)
    .map((each) => each.name);
}

/** Functions stand for functions, values for values; a name from nowhere (a global) may be either. */
function isSameSort(each: VisibleName, isCallable: boolean, own: VisibleName | undefined, node: SyntaxNode): boolean {
  if (each.name === 'self' || each.name === 'cls') return false;
  if (isCallable) return callable.has(each.kind) && (own === undefined ? node.role === 'callee' : true);
  return !callable.has(each.kind);
}

/** `count` inside a class that has `this.count` (`self.count`) may have meant the field. */
function ownField(node: SyntaxNode, name: string, site: Site): readonly string[] {
  const owner = enclosing(node, 'class');
  if (owner === undefined || node.role === 'callee') return [];
  const field = `${site.isPython ? 'self' : 'this'}.${name}`;
  if (node.parent?.children.some((child) => site.textOf(child) === field) === true) return [];
  return new RegExp(`${field.replace('.', '\\.').replaceAll('$', '\\$')}\\b`).test(site.textOf(owner)) ? [field] : [];
}

export const member: RepairOperator = {
  name: 'member',
  *propose(node, site) {
    if (node.role === 'property' && node.parent?.shape === 'member') yield* otherMembers(node, node.parent, site);
    if (node.shape === 'member' && isOwnField(node, site)) yield* localForField(node, site);
  },
};

/** Members that the file uses on the same object; for `this` and `self`, in the same class. */
function otherMembers(node: SyntaxNode, holder: SyntaxNode, site: Site): readonly Proposal[] {
  const object = childOf(holder, 'object');
  if (object === undefined || object.end - object.start > 40) return [];
  const name = site.textOf(node);
  const owner = [...ancestorsOf(node)].findLast((each) => each.shape === 'class' || each.shape === 'function');
  const text = owner === undefined ? site.source : site.textOf(owner);
  const pattern = new RegExp(
    `(?<![\\w$.])${escaped(site.textOf(object))}\\??\\.([\\p{L}_$][\\p{L}\\p{N}_$]*)(\\()?`,
    'gu',
  );
  const isCalled = holder.role === 'callee';
  const uses = [...text.matchAll(pattern)].filter((match) => (match[2] !== undefined) === isCalled);
  const names = [...new Set(uses.map((match) => match[1] ?? ''))].filter((each) => each !== name && each !== '');
  const similar = names.toSorted((a, b) => similarity(b, name) - similarity(a, name) || (a < b ? -1 : 1));
  return replaceAll(node, similar.slice(0, maxMembers));
}

/** `this.count` where a parameter or local `count` was meant. */
function localForField(node: SyntaxNode, site: Site): readonly Proposal[] {
  const property = childOf(node, 'property');
  const name = property === undefined ? '' : site.textOf(property);
  return site.scope.visibleAt(node).some((each) => each.name === name && each.depth === 0)
    ? replaceAll(node, [name])
    : [];
}

function isOwnField(node: SyntaxNode, site: Site): boolean {
  const object = childOf(node, 'object');
  return object !== undefined && node.role !== 'target' && /^(this|self)$/.test(site.textOf(object));
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
