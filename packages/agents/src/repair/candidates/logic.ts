/** Boolean connectives and negation: `||` for `&&`, `!ready` for `ready`, `true` for `false`. */
import { childOf, type Shape, type SyntaxNode } from '../syntax/syntax-node.ts';
import { placedText, replaceAll, replaceNode, tightText } from './proposal.ts';
import type { Proposal, RepairOperator, Site } from './repair-operator.ts';

const connectives: Readonly<Record<string, readonly string[]>> = {
  '&&': ['||'],
  '||': ['&&', '??'],
  '??': ['||', '&&'],
  and: ['or'],
  or: ['and'],
};

const booleans: Readonly<Record<string, string>> = { true: 'false', false: 'true', True: 'False', False: 'True' };

export const logic: RepairOperator = {
  name: 'logic',
  *propose(node, site) {
    for (const token of node.shape === 'binary' ? node.operators : []) {
      for (const text of connectives[token.text] ?? []) yield { start: token.start, end: token.end, replacement: text };
    }
    const opposite = node.shape === 'boolean' ? booleans[site.textOf(node)] : undefined;
    if (opposite !== undefined) yield replaceNode(node, opposite);
    if (node.role === 'condition' && node.shape !== 'boolean') yield* constantCondition(node, site);
    if (node.shape === 'conditional') yield* swappedBranches(node, site);
  },
};

function constantCondition(node: SyntaxNode, site: Site): readonly Proposal[] {
  const [yes, no] = site.isPython ? ['True', 'False'] : ['true', 'false'];
  const inside = unwrapped(node);
  return replaceAll(inside, [yes ?? '', no ?? '']);
}

function* swappedBranches(node: SyntaxNode, site: Site): Generator<Proposal> {
  const yes = childOf(node, 'consequent');
  const no = childOf(node, 'alternate');
  if (yes === undefined || no === undefined) return;
  const between = site.source.slice(yes.end, no.start);
  yield { start: yes.start, end: no.end, replacement: site.textOf(no) + between + site.textOf(yes) };
}

const negatable: ReadonlySet<Shape> = new Set<Shape>([
  'identifier',
  'member',
  'subscript',
  'call',
  'binary',
  'parenthesis',
]);

export const negation: RepairOperator = {
  name: 'negation',
  *propose(node, site) {
    if (isTruth(node)) yield* negated(node, site);
  },
};

/** Whether a node's value is asked for as true or false. */
function isTruth(node: SyntaxNode): boolean {
  if (!negatable.has(node.shape)) return false;
  if (node.role === 'condition') return true;
  const parent = node.parent;
  if (parent?.shape === 'parenthesis' && parent.role === 'condition') return true;
  if (parent?.shape === 'binary')
    return parent.operators.some((token) => token.text in connectives && token.text !== '??');
  if (isStored(node)) return true;
  const isAnswer =
    (node.role === 'value' && parent?.shape === 'return') || (node.role === 'body' && parent?.shape === 'function');
  return isAnswer && (node.shape === 'call' || node.shape === 'member' || isTest(node));
}

/** A flag that is kept: assigned, or given as the value of a key. */
function isStored(node: SyntaxNode): boolean {
  const isValue = node.role === 'value' && /^(assignment|declarator|other)$/.test(node.parent?.shape ?? '');
  return isValue && (node.shape === 'member' || node.shape === 'identifier' || node.shape === 'call' || isTest(node));
}

function isTest(node: SyntaxNode): boolean {
  return (
    node.shape === 'binary' &&
    node.operators.some((token) => /^([<>]=?|[!=]==?|&&|\|\||and|or|is|is not|in|not in|instanceof)$/.test(token.text))
  );
}

function negated(node: SyntaxNode, site: Site): readonly Proposal[] {
  if (node.shape === 'parenthesis' && node.role === 'condition' && site.isPython) return [];
  const text = site.isPython
    ? `not ${node.shape === 'binary' && node.kind === 'boolean_operator' ? tightText(node, site) : site.textOf(node)}`
    : `!${tightText(node, site)}`;
  return [replaceNode(node, site.isPython ? text : placedBang(node, text))];
}

function placedBang(node: SyntaxNode, text: string): string {
  return node.parent?.shape === 'binary' ? text : placedText(node, text);
}

function unwrapped(node: SyntaxNode): SyntaxNode {
  return node.shape === 'parenthesis' ? (childOf(node, 'value') ?? node) : node;
}
