/** What to do when there is nothing: `a?.b`, `x ?? 0`, `d.get(k, 0)`, a parameter's default. */
import { ancestorsOf, childOf, childrenOf, type Shape, type SyntaxNode } from '../syntax/syntax-node.ts';
import { insertAt, placedText, replaceAll, replaceNode } from './proposal.ts';
import { readsOnly } from './pure-calls.ts';
import { membersBeside } from './variable.ts';
import type { Proposal, RepairOperator, Site } from './repair-operator.ts';

const absent: ReadonlySet<Shape> = new Set<Shape>(['identifier', 'member', 'subscript', 'call']);
const scriptDefaults = ['0', "''", '[]', '{}', 'null'];
const pythonDefaults = ['0', '""', '[]', '{}', 'None'];

export const defaultValue: RepairOperator = {
  name: 'default-value',
  *propose(node, site) {
    yield* optionalAccess(node, site);
    if (node.shape === 'call' && !site.isPython) yield* optionalCall(node, site);
    if (node.shape === 'name') yield* parameterDefault(node, site);
    if (site.isPython) yield* dictionaryDefault(node, site);
    if (absent.has(node.shape) && takesDefault(node)) yield* coalesced(node, site);
  },
};

function* optionalAccess(node: SyntaxNode, site: Site): Generator<Proposal> {
  const object = childOf(node, 'object');
  if (site.isPython || object === undefined || node.flags.includes('optional') || node.role === 'target') return;
  if (object.kind === 'ThisExpression' || object.kind === 'Super') return;
  if (node.shape === 'member') {
    const dot = site.source.indexOf('.', object.end);
    if (dot >= 0) yield { start: dot, end: dot + 1, replacement: '?.' };
  } else if (node.shape === 'subscript') yield insertAt(object.end, '?.');
}

/** A callback that may not be there. */
function* optionalCall(node: SyntaxNode, site: Site): Generator<Proposal> {
  const callee = childOf(node, 'callee');
  const isUnsure = callee?.shape === 'member' || callee?.shape === 'identifier' || callee?.shape === 'subscript';
  if (isUnsure && site.source[callee.end] === '(') yield insertAt(callee.end, '?.');
}

function takesDefault(node: SyntaxNode): boolean {
  const parent = node.parent;
  const roles = ['left', 'right', 'argument', 'iterable', 'item', 'object', 'body'];
  if (node.role === 'object') return node.shape !== 'identifier';
  if (node.role === 'body') return parent?.shape === 'function';
  if (
    parent?.shape === 'binary' &&
    parent.operators.some((token) => ['??', '||', 'or', '&&', 'and'].includes(token.text))
  )
    return false;
  return (
    roles.includes(node.role) ||
    (node.role === 'value' && ['return', 'assignment', 'declarator', 'parenthesis'].includes(parent?.shape ?? ''))
  );
}

function coalesced(node: SyntaxNode, site: Site): readonly Proposal[] {
  const text = site.textOf(node);
  const operator = site.isPython ? 'or' : '??';
  return replaceAll(
    node,
    defaultsFor(node, site).map((value) => placedText(node, `${text} ${operator} ${value}`)),
  );
}

/** What can stand in depends on what is done with it: numbers are computed with, lists are walked. */
function defaultsFor(node: SyntaxNode, site: Site): readonly string[] {
  const all = site.isPython ? pythonDefaults : scriptDefaults;
  const [zero = '', text = '', list = '', object = ''] = all;
  const operator = node.parent?.shape === 'binary' ? (node.parent.operators[0]?.text ?? '') : '';
  if (operator === '+') return [zero, text, list];
  if (operator !== '') return /^(is|is not|in|not in|instanceof)$/.test(operator) ? [] : [zero];
  if (node.role === 'iterable') return [list, object];
  if (node.role === 'argument') return readsOnly(node, site) ? [list, zero] : [zero, text, list];
  if (node.role === 'object') return [list, object, text];
  return [...siblingFields(node, site), ...all];
}

/** `user.email ?? user.name`: another field of the same object stands in. */
function siblingFields(node: SyntaxNode, site: Site): readonly string[] {
  const object = childOf(node, 'object');
  const property = childOf(node, 'property');
  if (node.shape !== 'member' || object === undefined || property === undefined) return [];
  return membersBeside(property, node, site)
    .slice(0, 2)
    .map((name) => `${site.textOf(object)}.${name}`);
}

/** `d[k]` fails where `d.get(k)` answers. */
function* dictionaryDefault(node: SyntaxNode, site: Site): Generator<Proposal> {
  const object = childOf(node, 'object');
  const key = childOf(node, 'index');
  const isRead = node.shape === 'subscript' && node.role !== 'target' && key !== undefined && key.shape !== 'slice';
  if (isRead && object !== undefined && key.shape !== 'number') {
    const get = `${site.textOf(object)}.get(${site.textOf(key)}`;
    yield* replaceAll(node, [`${get}, 0)`, `${get})`, `${get}, [])`, `${get}, "")`]);
  }
  const callee = node.shape === 'call' ? childOf(node, 'callee') : undefined;
  const [only, more] = childrenOf(node, 'argument');
  if (callee !== undefined && only !== undefined && more === undefined && site.textOf(callee).endsWith('.get')) {
    for (const value of pythonDefaults.slice(0, 4)) yield insertAt(only.end, `, ${value}`);
  }
}

function parameterDefault(node: SyntaxNode, site: Site): readonly Proposal[] {
  const isPlain = node.role === 'parameter' || (node.parent?.kind === 'parameters' && node.role === 'part');
  const owner = [...ancestorsOf(node)].find((each) => each.shape === 'function');
  if (!isPlain || owner === undefined || /^(self|cls)$/.test(site.textOf(node))) return [];
  const name = site.textOf(node);
  const values = site.isPython ? ['0', 'None', '""', '()'] : ['0', "''", '[]', '{}', 'null'];
  return values.map((value) => replaceNode(node, site.isPython ? `${name}=${value}` : `${name} = ${value}`));
}
