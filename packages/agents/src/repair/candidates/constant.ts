/** Another literal: `n + 1`, 0, 1, a value of the failing assertion, a literal of the same file, an empty one. */
import type { SyntaxNode } from '../syntax/syntax-node.ts';
import { replaceAll, similarity } from './proposal.ts';
import type { Proposal, RepairOperator, Site } from './repair-operator.ts';

const maxBorrowed = 10;

export const constant: RepairOperator = {
  name: 'constant',
  *propose(node, site) {
    if (node.shape === 'number') yield* otherNumbers(node, site);
    if (node.shape === 'string' && node.role !== 'source') yield* otherStrings(node, site);
    if (node.shape === 'null')
      yield* replaceAll(node, site.isPython ? ['0', '""', '[]', 'False'] : ['undefined', '0', "''", '[]']);
    if (node.shape === 'identifier' && site.textOf(node) === 'undefined') yield* replaceAll(node, ['null', '0', "''"]);
    if (node.shape === 'list' && node.children.length > 0) yield* replaceAll(node, [site.isPython ? '[]' : '[]']);
  },
};

function otherNumbers(node: SyntaxNode, site: Site): readonly Proposal[] {
  const text = site.textOf(node);
  const value = Number(text.replaceAll('_', ''));
  if (!Number.isFinite(value)) return [];
  const isWhole = Number.isInteger(value);
  const isNegated = node.parent?.shape === 'unary';
  const steps = isWhole ? [value + 1, value - 1] : [value + 1, value - 1, Math.round(value)];
  const scaled = scaledNumbers(value, ['index', 'lower', 'upper'].includes(node.role));
  const others = borrowed(node, site, 'number').slice(0, maxBorrowed);
  const hints = site.hints.numbers.slice(0, 6);
  const small = ['0', '1', ...(isNegated ? [] : ['-1'])];
  const negative = isNegated || value === 0 ? [] : [`-${text}`];
  const near =
    Math.abs(value) >= 10 ? [...scaled.map(plain), ...hints, ...small] : [...small, ...hints, ...scaled.map(plain)];
  const all = [...steps.map(plain), ...near.slice(0, 6), ...negative, ...near.slice(6), ...others, '2', '3'];
  return replaceAll(node, unique(all, text));
}

/** Another unit: ten, sixty, a thousand times as much. */
function scaledNumbers(value: number, isPosition: boolean): readonly number[] {
  if (value === 0 || isPosition) return [];
  const scaled = [value * 2, value / 2, value * 10, value / 10, value * 60, value * 100, value * 1000, value / 1000];
  return Number.isInteger(value) ? scaled.filter((each) => Number.isInteger(each)) : scaled;
}

function plain(value: number): string {
  return String(Math.round(value * 1e9) / 1e9);
}

const simpleString = /^(['"])((?:(?!\1)[^\\\n]|\\.)*)\1$/;

function otherStrings(node: SyntaxNode, site: Site): readonly Proposal[] {
  const match = simpleString.exec(site.textOf(node));
  if (match === null || node.parent?.shape === 'expressionStatement') return [];
  const [, quote = "'", body = ''] = match;
  const others = borrowed(node, site, 'string')
    .flatMap((text) => simpleString.exec(text)?.[2] ?? [])
    .toSorted((a, b) => similarity(b, body) - similarity(a, body));
  const texts = [
    ...nearTexts(body),
    ...site.hints.strings.filter((text) => !/["'\\\n]/.test(text)).slice(0, 6),
    ...others.slice(0, maxBorrowed),
  ];
  return replaceAll(
    node,
    unique([...texts, ''], body).map((text) => `${quote}${text}${quote}`),
  );
}

/** What is easily mistyped: blanks at the ends, upper and lower case, a separator without its blank. */
function nearTexts(body: string): readonly string[] {
  const near = [
    body.trim(),
    body.trimEnd(),
    body.trimStart(),
    `${body} `,
    ` ${body}`,
    body.toLowerCase(),
    body.toUpperCase(),
  ];
  const separators = body.length <= 2 ? [' ', '', ',', ', ', '-', '_', '.', '\\n', '/', ':', '0'] : [];
  return [...near, ...separators];
}

function borrowed(node: SyntaxNode, site: Site, shape: 'number' | 'string'): readonly string[] {
  const alike = site.nearby(node).filter((each) => each.shape === shape && each.role !== 'source');
  return [...new Set(alike.map((each) => site.textOf(each)))];
}

function unique(texts: readonly string[], except: string): readonly string[] {
  return [...new Set(texts)].filter((text) => text !== except);
}
