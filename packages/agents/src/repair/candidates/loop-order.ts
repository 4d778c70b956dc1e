/** A loop that walks the wrong way, or too far: counted up for down, `reversed(xs)` for `xs`. */
import { childOf, type SyntaxNode } from '../syntax/syntax-node.ts';
import { placedText, replaceAll, tightText } from './proposal.ts';
import type { Proposal, RepairOperator, Site } from './repair-operator.ts';

export const loopOrder: RepairOperator = {
  name: 'loop-order',
  *propose(node, site) {
    if (node.kind === 'ForStatement') yield* otherCount(node, site);
    if (node.role === 'iterable') yield* replaceAll(node, otherWalks(node, site));
  },
};

const up =
  /^(.*?\b)([\p{L}_$][\p{L}\p{N}_$]*)( ?= ?)([^;]+?);\s*\2 ?(<=?) ?([^;&|]+?);\s*(?:\2 ?\+\+|\+\+ ?\2|\2 \+= 1)$/su;
const down =
  /^(.*?\b)([\p{L}_$][\p{L}\p{N}_$]*)( ?= ?)([^;]+?);\s*\2 ?(>=?) ?([^;&|]+?);\s*(?:\2 ?--|-- ?\2|\2 -= 1)$/su;

/** The head between the brackets of a counting loop, counted the other way. */
function* otherCount(node: SyntaxNode, site: Site): Generator<Proposal> {
  const body = childOf(node, 'body');
  const open = site.source.indexOf('(', node.start) + 1;
  const close = body === undefined ? -1 : site.source.lastIndexOf(')', body.start);
  const update = childOf(node, 'update');
  if (close < open || update === undefined || update.end > close) return;
  const head = site.source.slice(open, update.end);
  const step = update.shape === 'assignment' ? 'long' : 'short';
  for (const replacement of [...countedDown(head, step), ...countedUp(head, step)])
    yield { start: open, end: update.end, replacement };
}

function countedDown(head: string, step: 'long' | 'short'): readonly string[] {
  const [, keyword, name, equals, from, sign, to] = up.exec(head) ?? [];
  if (name === undefined || from === undefined || to === undefined) return [];
  const first = sign === '<' ? oneLess(to) : to;
  const next = step === 'long' ? `${name} -= 1` : `${name}--`;
  return [`${keyword ?? ''}${name}${equals ?? ''}${first}; ${name} >= ${from}; ${next}`];
}

function countedUp(head: string, step: 'long' | 'short'): readonly string[] {
  const [, keyword, name, equals, from, sign, to] = down.exec(head) ?? [];
  if (name === undefined || from === undefined || to === undefined) return [];
  const first = sign === '>=' ? to : /^-?\d+$/.test(to) ? String(Number(to) + 1) : `${to} + 1`;
  const begin = `${keyword ?? ''}${name}${equals ?? ''}${first}; ${name} `;
  const next = step === 'long' ? `${name} += 1` : `${name}++`;
  const below = from.endsWith(' - 1') ? [`< ${from.slice(0, -4)}`] : [];
  return [...below, `<= ${from}`, ...(below.length === 0 ? [`< ${from}`] : [])].map(
    (test) => `${begin}${test}; ${next}`,
  );
}

function oneLess(text: string): string {
  return text.endsWith(' + 1') ? text.slice(0, -4) : `${text} - 1`;
}

const scriptReverse = /^\[\.\.\.(.+)\]\.reverse\(\)$|^(.+)\.(?:slice\(\)\.reverse|toReversed|reverse)\(\)$/s;
const pythonReverse = /^reversed\(list\((.+)\)\)$|^reversed\((.+)\)$|^list\(reversed\((.+)\)\)$|^(.+)\[::-1\]$/s;

function otherWalks(node: SyntaxNode, site: Site): readonly string[] {
  const text = site.textOf(node);
  const inside = (site.isPython ? pythonReverse : scriptReverse)
    .exec(text)
    ?.slice(1)
    .filter((each) => each !== undefined);
  if (inside !== undefined && inside.length > 0) return inside;
  if (!site.isPython) return [`[...${text}].reverse()`];
  return [
    `reversed(${text})`,
    ...backwards(text),
    `reversed(list(${text}))`,
    placedText(node, `${tightText(node, site)}[::-1]`),
  ];
}

/** `range(n)` from its end. */
function backwards(text: string): readonly string[] {
  const [, list] = /^range\((.*)\)$/s.exec(text) ?? [];
  const items = list?.split(/,(?![^([]*[)\]])/).map((item) => item.trim()) ?? [];
  const [first, second] = items;
  if (first === undefined || items.length > 2) return [];
  return second === undefined
    ? [`range(${oneLess(first)}, -1, -1)`]
    : [`range(${oneLess(second)}, ${/^\d+$/.test(first) ? Number(first) - 1 : oneLess(first)}, -1)`];
}
