/** A slip in a regular expression: an anchor, a repetition, a class, a flag. */
import { childOf, enclosing, type SyntaxNode } from '../syntax/syntax-node.ts';
import { replaceAll } from './proposal.ts';
import type { RepairOperator, Site } from './repair-operator.ts';

const maxPatterns = 60;

export const pattern: RepairOperator = {
  name: 'pattern',
  *propose(node, site) {
    const text = site.textOf(node);
    if (node.kind === 'Literal' && node.shape === 'other') yield* replaceAll(node, scriptPatterns(text));
    if (site.isPython && node.shape === 'string' && isPattern(node, site))
      yield* replaceAll(node, pythonPatterns(text));
  },
};

function scriptPatterns(text: string): readonly string[] {
  const [, body, flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(text) ?? [];
  if (body === undefined) return [];
  const toggled = ['g', 'i', 'm', 's'].map((flag) =>
    flags.includes(flag) ? flags.replace(flag, '') : withFlag(flags, flag),
  );
  const sticky = flags.includes('y') ? [flags.replace('y', 'g')] : [];
  const [first = [], ...rest] = slips(body);
  const others = [...toggled, ...sticky].map((each) => `/${body}/${each}`);
  return [
    ...first.map((each) => `/${each}/${flags}`),
    ...others,
    ...rest.flat().map((each) => `/${each}/${flags}`),
  ].slice(0, maxPatterns);
}

/** Flags are written in the order of the alphabet. */
function withFlag(flags: string, flag: string): string {
  const place = flags.split('').findIndex((each) => each > flag);
  return place < 0 ? flags + flag : flags.slice(0, place) + flag + flags.slice(place);
}

/** Whether a string is, or is part of, what a function of `re` is given first. */
function isPattern(node: SyntaxNode, site: Site): boolean {
  const holder = node.parent?.kind === 'concatenated_string' ? node.parent : node;
  const call = holder.role === 'argument' ? holder.parent : undefined;
  const callee = call === undefined ? undefined : childOf(call, 'callee');
  if (callee !== undefined && /^(?:re|regex)\.\w+$/.test(site.textOf(callee)))
    return call?.children.indexOf(holder) === 1;
  const isRaw = /^[bB]?[rR][bB]?["']/.test(site.textOf(node));
  return isRaw && enclosing(node, 'assignment') !== undefined && /\bre\b/.test(site.source);
}

function pythonPatterns(text: string): readonly string[] {
  const [, prefix = '', quote = '', body] = /^([rRbBuU]*)('''|"""|'|")(.*)\2$/s.exec(text) ?? [];
  if (body === undefined || (body.includes('\\') && !/r/i.test(prefix))) return [];
  return slips(body)
    .flat()
    .filter((each) => each.includes('\n') || !each.includes('"') || quote !== '"')
    .map((each) => prefix + quote + each + quote)
    .slice(0, maxPatterns);
}

const classes: Readonly<Record<string, readonly string[]>> = {
  '\\d': ['\\w', '\\D', '[0-9a-fA-F]'],
  '\\w': ['\\d', '\\S', '[\\w-]'],
  '\\s': ['\\S', ' ', '.'],
  '\\S': ['\\w', '\\s', '.'],
  '\\D': ['\\d'],
  '\\W': ['\\w', '\\S'],
  '\\b': ['\\B', ''],
};

const ranges: Readonly<Record<string, readonly string[]>> = {
  a: ['a-z'],
  z: ['a-z'],
  A: ['A-Z'],
  Z: ['A-Z'],
  '0': ['0-9'],
  '9': ['0-9'],
  '1': ['1-9'],
  f: ['a-f'],
  F: ['A-F'],
};

const wider: Readonly<Record<string, readonly string[]>> = {
  'a-z': ['a-zA-Z', 'a-z0-9', 'a-z_'],
  'A-Z': ['A-Za-z', 'A-Z0-9', 'A-Z_'],
  '0-9': ['0-9a-z', '0-9A-Z', '1-9'],
};

/** Slips of a pattern, the likeliest group first, each a pattern again. */
function slips(body: string): readonly (readonly string[])[] {
  const likely = [...anchors(body), ...repetitions(body), ...exchanged(body), ...letters(body)];
  const rest = [...optional(body), ...dots(body), ...bounds(body), ...negations(body)];
  return [likely, rest].map((group) => [...new Set(group)].filter((each) => each !== body && each !== ''));
}

function anchors(body: string): readonly string[] {
  const start = body.startsWith('^') ? body.slice(1) : `^${body}`;
  const hasEnd = body.endsWith('$') && !body.endsWith('\\$');
  return [start, hasEnd ? body.slice(0, -1) : `${body}$`];
}

/** `+`, `*` and `?` after something that can be repeated. */
function repetitions(body: string): readonly string[] {
  const found = at(body, /(?<!\\)(?<=[\w\])}.\x20])[+*?]/g, (sign) => ['+', '*', '?'].filter((each) => each !== sign));
  const blanks = at(body, /(?<!\\) (?=[*+?])/g, () => ['\\s']);
  const lazy = at(body, /(?<!\\)[+*](?!\?)/g, (sign) => [`${sign}?`]);
  const greedy = at(body, /(?<=[+*])\?/g, () => ['']);
  return [...blanks, ...found, ...greedy, ...lazy];
}

function exchanged(body: string): readonly string[] {
  return [
    ...at(body, /\\[dwsSDWb]/g, (sign) => classes[sign] ?? []),
    ...at(body, /(?<!\\) (?![*+?])/g, () => ['\\s', '\\s+']),
  ];
}

/** A letter of a class for the range that it begins or ends; a range for its ends. */
function letters(body: string): readonly string[] {
  const inClass = (index: number): boolean => /(?<!\\)\[[^\]]*$/.test(body.slice(0, index));
  const widened = at(body, /(?<![-\\])[azAZ019fF](?!-)/g, (sign, index) =>
    inClass(index) ? (ranges[sign] ?? []) : [],
  );
  return [...widened, ...at(body, /a-z|A-Z|0-9/g, (range) => wider[range] ?? [])];
}

function optional(body: string): readonly string[] {
  return at(body, /(?:\\[dwsSDW.]|\]|\))(?![+*?{])/g, (part) => [`${part}+`, `${part}*`, `${part}?`]);
}

function dots(body: string): readonly string[] {
  const escaped = at(body, /(?<!\\)\.(?![*+?])/g, () => ['\\.']);
  return [...escaped, ...at(body, /\\\./g, () => ['.']), ...at(body, /\(\?:/g, () => ['('])];
}

function bounds(body: string): readonly string[] {
  return at(body, /\{(\d+)(,?)(\d*)\}/g, (found) => {
    const [, low = '', comma = '', high = ''] = /\{(\d+)(,?)(\d*)\}/.exec(found) ?? [];
    const shifted = [Number(low) + 1, Number(low) - 1]
      .filter((each) => each >= 0)
      .map((each) => `{${each}${comma}${high}}`);
    const raised = high === '' ? [] : [Number(high) + 1, Number(high) - 1].map((each) => `{${low},${each}}`);
    return [...shifted, ...raised, comma === '' ? `{${low},}` : `{${low}}`];
  });
}

function negations(body: string): readonly string[] {
  return [...at(body, /(?<!\\)\[\^/g, () => ['[']), ...at(body, /(?<!\\)\[(?!\^)/g, () => ['[^'])];
}

function at(
  body: string,
  what: RegExp,
  replace: (found: string, index: number) => readonly string[],
): readonly string[] {
  return [...body.matchAll(what)].flatMap((match) =>
    replace(match[0], match.index).map(
      (other) => body.slice(0, match.index) + other + body.slice(match.index + match[0].length),
    ),
  );
}
