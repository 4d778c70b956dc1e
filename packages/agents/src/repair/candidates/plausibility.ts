/**
 * How believable an edit is where it stands, from words alone: 1 for the usual case, less for what would rarely make sense, more
 * where the code itself looks wrong.
 */
import { enclosing, type SyntaxNode } from '../syntax/syntax-node.ts';
import type { OperatorName, Proposal, Site } from './repair-operator.ts';
import type { ValueKind, ValueKinds } from './value-kinds.ts';

/** An edit that the kinds of the values contradict. */
const absurd = 0.05;
/** A name of another kind: two names of one file may be spelled the same and differ in kind. */
const doubtful = 0.2;
/** An edit that provides for something missing where nothing speaks for it. */
const unfounded = 0.3;
/** An operand that stands on both sides, a value that nobody uses. */
const telling = 4;

const shift = /^\(?([\s\S]*) [-+] 1\)?$/;
const plainName = /^[\p{L}_$][\p{L}\p{N}_$]*$/u;
const numeric: ReadonlySet<string> = new Set(['-', '*', '/', '%', '//', '**', '<<', '>>']);

export interface JudgedEdit {
  readonly node: SyntaxNode;
  readonly operator: OperatorName;
  readonly proposal: Proposal;
}

export function plausibility({ node, operator, proposal }: JudgedEdit, site: Site, kinds: ValueKinds): number {
  const doubled = isDoubled(node, site) && proposal.start >= node.start && proposal.end <= node.end ? telling : 1;
  switch (operator) {
    case 'boundary':
      return shift.test(proposal.replacement) && isNoNumber(kindOf(node, site, kinds)) ? absurd : doubled;
    case 'negation':
      return node.role === 'value' && isKnown(kindOf(node, site, kinds)) ? absurd : 1;
    case 'variable':
      return doubled * namePlausibility(node, proposal.replacement, site, kinds);
    case 'default-value':
    case 'missing-guard':
      return isMaybeMissing(node, site, kinds) ? 1 : unfounded;
    case 'conversion':
    case 'missing-copy':
      return conversionPlausibility(node, proposal.replacement, site, kinds);
    default:
      return doubled;
  }
}

function conversionPlausibility(node: SyntaxNode, replacement: string, site: Site, kinds: ValueKinds): number {
  const kind = kindOf(node, site, kinds);
  if (kind === undefined) return 1;
  if (/^(?:Number|int|float|Math\.abs|abs)\(/.test(replacement)) return kind === 'text' ? 1 : absurd;
  if (/^(?:String|str)\(/.test(replacement)) return kind === 'number' ? 1 : absurd;
  if (/^(?:\[?\.\.\.|\*|list\(|sorted\(|set\(|len\()/.test(replacement) || replacement.endsWith('.length'))
    return kind === 'list' || kind === 'text' ? 1 : absurd;
  return /^(?:\{|dict\(|new )/.test(replacement) && kind !== 'object' ? absurd : 1;
}

/** Names of the same kind change places; one that nothing else uses probably belongs somewhere. */
function namePlausibility(node: SyntaxNode, replacement: string, site: Site, kinds: ValueKinds): number {
  if (!plainName.test(replacement)) return 1;
  const wanted = wantedKind(node, site) ?? kindOf(node, site, kinds);
  const offered = kinds.of(replacement);
  if (wanted !== undefined && offered !== undefined && wanted !== offered) return doubtful;
  const owner = enclosing(node, 'function');
  const uses =
    owner === undefined
      ? []
      : site.textOf(owner).split(new RegExp(`(?<![\\w$.])${replacement.replaceAll('$', '\\$')}(?![\\w$])`));
  const isUnused = uses.length === 2;
  const isContradicted = isKeyed(node) && kindOf(node, site, kinds) !== 'object' && offered === 'object';
  const agreement = wanted !== undefined && wanted === offered ? (isContradicted ? 2 * telling : 2) : 1;
  return isUnused ? telling * agreement : agreement;
}

/** What the place asks for: operands of arithmetic are numbers, what has members is none. */
function wantedKind(node: SyntaxNode, site: Site): ValueKind | undefined {
  if (node.shape === 'number') return 'number';
  if (node.shape === 'string') return 'text';
  if (isKeyed(node)) return 'object';
  const sign = node.parent?.operators[0]?.text;
  if ((node.role === 'left' || node.role === 'right') && sign !== undefined && numeric.has(sign) && !site.isPython)
    return 'number';
  return undefined;
}

/** `x['key']`: lists and numbers have no keys. */
function isKeyed(node: SyntaxNode): boolean {
  return (
    node.role === 'object' &&
    node.parent?.shape === 'subscript' &&
    node.parent.children.some(({ role, shape }) => role === 'index' && shape === 'string')
  );
}

function kindOf(node: SyntaxNode, site: Site, kinds: ValueKinds): ValueKind | undefined {
  if (node.shape === 'number') return 'number';
  if (node.shape === 'string' || node.shape === 'template') return 'text';
  if (node.shape === 'list') return 'list';
  if (node.shape !== 'identifier') return undefined;
  return kinds.of(site.textOf(node));
}

function isNoNumber(kind: ValueKind | undefined): boolean {
  return kind !== undefined && kind !== 'number';
}

function isKnown(kind: ValueKind | undefined): boolean {
  return kind !== undefined;
}

/** `pos > pos`, `f(a, a)`: the same name twice where once is enough. */
function isDoubled(node: SyntaxNode, site: Site): boolean {
  const parent = node.parent;
  const isOperand = (node.role === 'left' || node.role === 'right') && parent?.shape === 'binary';
  if (!isOperand || node.shape === 'number' || node.shape === 'string') return false;
  if (parent.operators[0]?.text === '*' || parent.operators[0]?.text === '+') return false;
  return parent.children.some((other) => other !== node && site.textOf(other) === site.textOf(node));
}

/** Whether the file itself asks for the value being there. */
function isMaybeMissing(node: SyntaxNode, site: Site, kinds: ValueKinds): boolean {
  const text = site.textOf(node);
  if (/\.(?:get|find|at|pop|shift|match|exec)\([^()]*\)$/.test(text)) return true;
  const name = /^[\p{L}_$][\p{L}\p{N}_$]*/u.exec(text)?.[0];
  if (name === undefined) return false;
  return kinds.isMaybeMissing(name);
}
