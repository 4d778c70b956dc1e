/** Another name of the scope, another member of the same object: nearest and most similar first. */
import type { VisibleName } from '../syntax/scope.ts';
import { ancestorsOf, childOf, descend, enclosing, type SyntaxNode } from '../syntax/syntax-node.ts';
import { kinship, oppositesOf } from './opposite-words.ts';
import { replaceAll } from './proposal.ts';
import type { Proposal, RepairOperator, Site } from './repair-operator.ts';

const maxNames = 20;
const maxMembers = 20;
const callable: ReadonlySet<string> = new Set(['function', 'class', 'import']);

export const variable: RepairOperator = {
  name: 'variable',
  *propose(node, site) {
    if (isReplaceable(node))
      yield* replaceAll(node, otherNames(node, site.textOf(node), site).slice(0, maxForExpression));
    if (node.shape !== 'identifier' || site.textOf(node) === 'undefined') return;
    const name = site.textOf(node);
    yield* replaceAll(node, ownField(node, name, site));
    yield* replaceAll(node, otherNames(node, name, site));
    if (node.role === 'target') yield* replaceAll(node, unboundNames(node, name, site));
  },
};

const maxForExpression = 4;
const maxUsed = 1_000;
const operands: ReadonlySet<string> = new Set(['argument', 'left', 'right', 'index', 'value', 'lower', 'upper']);

/** Literals and members for which a plain variable may have been meant. */
function isReplaceable(node: SyntaxNode): boolean {
  const isPlain =
    node.shape === 'member' || node.shape === 'subscript' || node.shape === 'string' || node.shape === 'number';
  return isPlain && operands.has(node.role) && node.parent?.shape !== 'expressionStatement';
}

function otherNames(node: SyntaxNode, name: string, site: Site): readonly string[] {
  const visible = site.scope.visibleAt(node);
  const own = visible.find((each) => each.name === name);
  const isCallable = node.role === 'callee' || (own !== undefined && callable.has(own.kind));
  const beside = new Set(node.parent?.children.map((child) => site.textOf(child)));
  const wanted = visible.filter((each) => !beside.has(each.name) && isSameSort(each, isCallable, own, node));
  const cost = (each: VisibleName): number =>
    each.depth * 2 - kinship(each.name, name) * 3 + (each.kind === 'parameter' ? -0.2 : 0);
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
  return !callable.has(each.kind) || (node.role === 'object' && each.kind === 'import');
}

/** Names that the function uses and nothing binds: an assignment to another name may have been meant for one of them. */
function unboundNames(node: SyntaxNode, name: string, site: Site): readonly string[] {
  const owner = enclosing(node, 'function');
  if (owner === undefined) return [];
  const bound = new Set(site.scope.visibleAt(node).map((each) => each.name));
  const used = [...descend(owner).take(maxUsed)].filter(
    (each) => each.shape === 'identifier' && each.role !== 'callee',
  );
  const free = new Set(used.map((each) => site.textOf(each)).filter((each) => each !== name && !bound.has(each)));
  return [...free]
    .toSorted((a, b) => kinship(b, name) - kinship(a, name) || (a < b ? -1 : 1))
    .slice(0, maxForExpression);
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

function otherMembers(node: SyntaxNode, holder: SyntaxNode, site: Site): readonly Proposal[] {
  const opposites = holder.role === 'callee' ? [] : oppositesOf(site.textOf(node));
  return replaceAll(node, [...new Set([...membersBeside(node, holder, site), ...opposites])]);
}

/** Members that the code around uses on the same object, the most similar first. */
export function membersBeside(node: SyntaxNode, holder: SyntaxNode, site: Site): readonly string[] {
  const object = childOf(holder, 'object');
  if (object === undefined || object.end - object.start > 40) return [];
  const name = site.textOf(node);
  const owner = [...ancestorsOf(node)].findLast((each) => each.shape === 'class' || each.shape === 'function');
  const isOwn = /^(this|self)$/.test(site.textOf(object));
  const pattern = new RegExp(
    `(?<![\\w$.])${escaped(site.textOf(object))}\\??\\.([\\p{L}_$][\\p{L}\\p{N}_$]*)(\\()?`,
    'gu',
  );
  const isCalled = holder.role === 'callee';
  const namesIn = (text: string): readonly string[] =>
    [...text.matchAll(pattern)]
      .filter((match) => (match[2] !== undefined) === isCalled)
      .map((match) => match[1] ?? '')
      .toSorted((a, b) => kinship(b, name) - kinship(a, name) || (a < b ? -1 : 1));
  const near = owner === undefined ? [] : namesIn(site.textOf(owner));
  const far = isOwn && owner !== undefined ? [] : namesIn(site.source);
  return [...new Set([...near, ...far])].filter((each) => each !== name).slice(0, maxMembers);
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
