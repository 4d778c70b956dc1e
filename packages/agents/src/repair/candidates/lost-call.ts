/** A call left out: `header` for `header.charCodeAt(index)`, `x` for `round(x, 2)`, where the code around makes such a call. */
import { childOf, childrenOf, type Shape, type SyntaxNode } from '../syntax/syntax-node.ts';
import type { Part } from './borrowed-parts.ts';
import { bestOf, namesIn, visibleNames } from './borrowing.ts';
import { insertAt, replaceNode } from './proposal.ts';
import type { Proposal, RepairOperator, Site } from './repair-operator.ts';

const maxCalls = 8;
const maxTails = 8;

const callable: ReadonlySet<Shape> = new Set<Shape>([
  'identifier',
  'member',
  'subscript',
  'call',
  'string',
  'list',
  'parenthesis',
]);
const unread: ReadonlySet<string> = new Set(['target', 'callee', 'key', 'property', 'id', 'parameter', 'operand']);

export const lostCall: RepairOperator = {
  name: 'lost-call',
  *propose(node, site) {
    const isRead = callable.has(node.shape) && (!unread.has(node.role) || node.parent?.shape === 'unary');
    if (!isRead || node.parent?.shape === 'expressionStatement' || node.end - node.start > 80) return;
    yield* callsOn(node, site);
    yield* tails(node, site);
  },
};

/** Calls of the code around on this very value, or with it as an argument. */
function* callsOn(node: SyntaxNode, site: Site): Generator<Proposal> {
  if (node.shape === 'string' || node.shape === 'parenthesis') return;
  const text = site.textOf(node);
  if (/^(?:self|cls|this)$/.test(text) && node.role === 'object') return;
  const visible = visibleNames(node, site);
  const calls = site.parts
    .near(node)
    .calls.filter((part) => part.text.length > text.length && usesValue(part, text, site));
  const context = namesIn(node.parent ?? node, site);
  const best = bestOf(calls, node, context, maxCalls, (part) => site.parts.isKnownAt(part, visible));
  for (const { text: call } of best) if (call !== text) yield replaceNode(node, call);
}

function usesValue(part: Part, text: string, site: Site): boolean {
  if (!part.text.includes(text)) return false;
  const object = objectOf(part.node);
  if (object !== undefined && site.textOf(object) === text) return true;
  return childrenOf(part.node, 'argument').some((item) => site.textOf(item) === text);
}

function objectOf(call: SyntaxNode): SyntaxNode | undefined {
  const callee = childOf(call, 'callee');
  return callee?.shape === 'member' ? childOf(callee, 'object') : undefined;
}

/** `.strip()`, `.filter(Boolean)`: methods that the code around calls on the results of calls, or without own names. */
function* tails(node: SyntaxNode, site: Site): Generator<Proposal> {
  if (node.shape === 'list' || node.shape === 'parenthesis' || node.shape === 'string') return;
  const visible = visibleNames(node, site);
  const own = objectOf(node);
  const counted = new Map<string, { count: number; part: Part }>();
  for (const part of site.parts.near(node).calls) {
    const object = objectOf(part.node);
    if (object === undefined || isFixed(site.textOf(object)) || part.node === own) continue;
    const tail = site.source.slice(object.end, part.node.end);
    if (tail.length > 40 || tail.includes('\n')) continue;
    const known = counted.get(tail);
    if (known === undefined) counted.set(tail, { count: 1, part });
    else known.count += 1;
  }
  const chosen = [...counted].toSorted(([, a], [, b]) => b.count - a.count);
  const usable = chosen.filter(([tail, { part }]) => {
    const names = part.names.filter((name) =>
      new RegExp(`(?<![\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`).test(tail),
    );
    return site.parts.isKnownAt({ ...part, names }, visible) && !site.source.startsWith(tail, node.end);
  });
  for (const [tail] of usable.slice(0, maxTails)) yield insertAt(node.end, tail);
}

/** Namespaces and the own object: their methods are no methods of values. */
function isFixed(text: string): boolean {
  return /^(?:this|self|cls|super\(.*\)|console|process|[A-Z]\w*|re|os|sys|math|json|np|module|exports|logging|time)$/.test(
    text,
  );
}
