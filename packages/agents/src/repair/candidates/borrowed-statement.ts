/** A statement left out that stands elsewhere: as it is, with one name changed, or the step of a counter. */
import { childOf, enclosing, isListedStatement, type SyntaxNode } from '../syntax/syntax-node.ts';
import type { Part } from './borrowed-parts.ts';
import { bestOf, namesIn } from './borrowing.ts';
import { statementMark } from './guard-text.ts';
import { endMark, insertAfter, insertBefore, replaceNode, similarity } from './proposal.ts';
import type { Proposal, RepairOperator, Site } from './repair-operator.ts';

const maxWhole = 14;
const maxRenamed = 8;
const maxSteps = 6;
const idle = /^(?:super\b|console\.|print\(|logging\.|log(?:ger)?\.|assert\b)/;

export const borrowedStatement: RepairOperator = {
  name: 'borrowed-statement',
  *propose(node, site) {
    if (node.shape === 'block' && node.children.length === 0 && !site.isPython) yield* intoEmpty(node, site);
    if (!isListedStatement(node) || node.shape === 'class' || enclosing(node, 'function') === undefined) return;
    const lines = missingLines(node, site);
    const isLast = node.parent?.children.at(-1) === node && !/^(?:return|throw|jump)$/.test(node.shape);
    for (const line of lines) {
      yield* insertBefore(node, [line], site);
      if (isLast) yield* insertAfter(node, [line], site);
    }
  },
};

function* intoEmpty(node: SyntaxNode, site: Site): Generator<Proposal> {
  if (node.parent === undefined || enclosing(node, 'function') === undefined) return;
  for (const line of missingLines(node, site)) yield replaceNode(node, `{ ${line} }`);
}

/** What may be missing beside a node, likeliest first. */
function missingLines(node: SyntaxNode, site: Site): readonly string[] {
  const visible = site.scope.visibleAt(node);
  const names = new Set(visible.map((each) => each.name));
  const locals = visible.filter((each) => each.depth === 0).map((each) => each.name);
  const statements = site.parts.near(node).statements.filter((part) => part.node !== node && !idle.test(part.text));
  const beside = neighbours(node);
  const besideTexts = new Set(beside.map((each) => site.textOf(each)));
  const context = new Set([node.parent?.parent ?? node, ...beside].flatMap((each) => [...headNames(each, site)]));
  const isNew = (part: Part): boolean => !besideTexts.has(part.text);
  const whole = bestOf(statements, node, context, maxWhole, (part) => isNew(part) && site.parts.isKnownAt(part, names));
  const other = bestOf(statements, node, context, maxRenamed * 3, (part) => !whole.includes(part));
  const renamed = other.flatMap((part) => renamedText(part, names, locals, site) ?? []);
  const all = interleaved(
    whole.map((part) => part.text),
    [...steps(node, locals, site), ...renamed.slice(0, maxRenamed)],
  );
  return [...new Set(all)].filter((text) => !besideTexts.has(text));
}

/** The statements right before and after. */
function neighbours(node: SyntaxNode): readonly SyntaxNode[] {
  if (node.shape === 'block') return [];
  const siblings = node.parent?.children ?? [];
  const place = siblings.indexOf(node);
  return siblings.slice(Math.max(0, place - 1), place + 2);
}

/** The names of a short statement, or of the head of a long one. */
function headNames(node: SyntaxNode, site: Site): ReadonlySet<string> {
  const body = node.children.find((child) => child.shape === 'block');
  const text = site.source.slice(node.start, Math.min(node.end, body?.start ?? node.end, node.start + 200));
  return new Set(text.match(/[\p{L}_$][\p{L}\p{N}_$]*/gu));
}

/** A statement of another function with its one unknown name replaced by the most similar local one. */
function renamedText(
  part: Part,
  names: ReadonlySet<string>,
  locals: readonly string[],
  site: Site,
): string | undefined {
  const declared = site.parts.declaredFor(part);
  const unknown = part.names.filter((name) => !names.has(name) && declared.has(name));
  const [only] = unknown;
  if (unknown.length !== 1 || only === undefined) return undefined;
  const free = locals.filter((name) => !part.names.includes(name) && !/^(?:self|cls)$/.test(name));
  const [best] = free.toSorted((a, b) => similarity(b, only) - similarity(a, only));
  return best === undefined ? undefined : part.text.replace(wordPattern(only), () => best);
}

function wordPattern(word: string): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}_$.])${word.replaceAll('$', '\\$')}(?![\\p{L}\\p{N}_$])`, 'gu');
}

/** One more, one less, of the names that are counted or compared here. */
function steps(node: SyntaxNode, locals: readonly string[], site: Site): readonly string[] {
  const owner = enclosing(node, 'function');
  const text = owner === undefined ? '' : site.textOf(owner);
  const counted = locals.filter((name) => {
    const word = `(?<![\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`;
    return new RegExp(`${word}\\s*(?:=\\s*-?\\d|[-+]=\\s*\\d|\\+\\+|--|[<>])|\\[${word}`).test(text);
  });
  const near = counted.toSorted((a, b) => Number(hasName(node, b, site)) - Number(hasName(node, a, site)));
  const mark = node.shape === 'block' ? statementMark(site) : endMark(node, site);
  const isTerse = !site.isPython && /\+\+/.test(site.source);
  const forms = near
    .slice(0, 3)
    .flatMap((name) => [`${name} += 1${mark}`, ...(isTerse ? [`${name}++${mark}`] : [`${name} -= 1${mark}`])]);
  return forms.slice(0, maxSteps);
}

function hasName(node: SyntaxNode, name: string, site: Site): boolean {
  const loop = enclosing(node, 'loop', 'function');
  const condition = loop?.shape === 'loop' ? childOf(loop, 'condition') : undefined;
  return namesIn(condition ?? node, site).has(name);
}

/** Two of the first, one of the second, and so on. */
function interleaved(first: readonly string[], second: readonly string[]): readonly string[] {
  const mixed = second.flatMap((text, index) => [...first.slice(index * 2, index * 2 + 2), text]);
  return [...mixed, ...first.slice(second.length * 2)];
}
