/** A case that leaves early was left out: a guard of the code around, or a test of what is used next with a way out of the function. */
import { childOf, descend, enclosing, isListedStatement, type SyntaxNode } from '../syntax/syntax-node.ts';
import { isExit } from './borrowed-parts.ts';
import { borrowable, namesIn, visibleNames } from './borrowing.ts';
import { guardText } from './guard-text.ts';
import { insertAfter, insertBefore } from './proposal.ts';
import type { Proposal, RepairOperator, Site } from './repair-operator.ts';

const maxGuards = 6;
const maxTests = 8;
const maxExits = 5;
const maxPairs = 32;

export const earlyExit: RepairOperator = {
  name: 'early-exit',
  *propose(node, site) {
    if (!isListedStatement(node) || node.shape === 'function' || node.shape === 'class') return;
    const owner = enclosing(node, 'function');
    if (owner === undefined) return;
    const context = contextOf(node, site);
    yield* wholeGuards(node, context, site);
    yield* pairedGuards(node, owner, context, site);
  },
};

/** The names of a statement and of the one after it. */
function contextOf(node: SyntaxNode, site: Site): ReadonlySet<string> {
  const siblings = node.parent?.children ?? [];
  const next = siblings[siblings.indexOf(node) + 1];
  const isShort = next !== undefined && next.end - next.start < 400;
  return new Set([...namesIn(node, site), ...(isShort ? namesIn(next, site) : [])]);
}

function* wholeGuards(node: SyntaxNode, context: ReadonlySet<string>, site: Site): Generator<Proposal> {
  const isInLoop = enclosing(node, 'loop', 'function')?.shape === 'loop';
  for (const { node: guard, text } of borrowable(node, 'guards', context, site, maxGuards)) {
    if (!isInLoop && /\b(?:break|continue)\b/.test(text)) continue;
    const lines = reindented(guard, node, site);
    yield* insertBefore(node, lines, site);
    if (isInLoop && isLast(node)) yield* insertAfter(node, lines, site);
  }
}

/** Behind it the block ends, and goes on from its start when it is a loop's. */
function isLast(node: SyntaxNode): boolean {
  return node.parent?.children.at(-1) === node && !isExit(node);
}

/** The lines of a statement, as deep as they stand below it; the first one is placed by whoever puts them in. */
function reindented(guard: SyntaxNode, node: SyntaxNode, site: Site): readonly string[] {
  const there = indentationAt(guard, site);
  const [first = '', ...rest] = site.textOf(guard).split(/\r?\n/);
  const inner = rest.map((line) => (line.startsWith(there) ? line.slice(there.length) : line.trimStart()));
  return indentationAt(node, site) === undefined ? [first] : [first, ...inner];
}

function indentationAt(node: SyntaxNode, site: Site): string {
  const line = site.lines.textOf(site.lines.lineAt(node.start)).replace(/^\uFEFF/, '');
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}

function* pairedGuards(
  node: SyntaxNode,
  owner: SyntaxNode,
  context: ReadonlySet<string>,
  site: Site,
): Generator<Proposal> {
  const tests = testsFor(node, context, site);
  const exits = exitsFor(node, owner, context, site);
  const pairs = tests
    .flatMap((test, row) => exits.map((exit, column) => ({ test, exit, cost: row + column * 1.5 })))
    .toSorted((a, b) => a.cost - b.cost);
  for (const { test, exit } of pairs.slice(0, maxPairs)) yield* guardText(node, test, exit, site);
}

function testsFor(node: SyntaxNode, context: ReadonlySet<string>, site: Site): readonly string[] {
  const visible = site.scope.visibleAt(node).filter((each) => each.depth === 0 && context.has(each.name));
  const names = visible
    .filter((each) => (each.kind === 'parameter' || each.kind === 'local') && !/^(?:self|cls)$/.test(each.name))
    .map((each) => each.name)
    .slice(0, 3);
  const made = names.flatMap((name) =>
    site.isPython
      ? [`not ${name}`, `${name} is None`, `${name} == 0`]
      : [`!${name}`, `${name} === undefined`, `${name} === null`, `${name} === 0`],
  );
  const met = borrowable(node, 'tests', context, site, maxTests).filter(
    (part) => part.names.some((name) => context.has(name)) && !part.text.includes('\n'),
  );
  const firsts = names.map((name) => (site.isPython ? `not ${name}` : `!${name}`));
  return [
    ...new Set([...met.slice(0, 3).map((part) => part.text), ...firsts, ...met.map((part) => part.text), ...made]),
  ];
}

/** Ways out: those of the function first, then those of the code around, then the common ones. */
function exitsFor(node: SyntaxNode, owner: SyntaxNode, context: ReadonlySet<string>, site: Site): readonly string[] {
  const isInLoop = enclosing(node, 'loop', 'function')?.shape === 'loop';
  const visible = visibleNames(node, site);
  const own = site.parts
    .near(node)
    .exits.filter((part) => part.home === owner && site.parts.isKnownAt(part, visible))
    .map((part) => part.text);
  const around = borrowable(node, 'exits', context, site, 8).map((part) => part.text);
  const loop = isInLoop ? ['continue', 'break'] : [];
  const values = [...descend(owner, (each) => each.shape !== 'function')].some(
    (each) => each.shape === 'return' && childOf(each, 'value') !== undefined,
  );
  const plain = values
    ? [site.isPython ? 'return None' : 'return null', site.isPython ? 'return False' : 'return false', 'return']
    : ['return'];
  const all = [...loop.slice(0, 1), ...own, ...plain.slice(-1), ...around, ...loop, ...plain]
    .map((text) => text.replace(/;$/, ''))
    .filter((text) => !text.includes('\n') && (isInLoop || !/^(?:break|continue)\b/.test(text)));
  return [...new Set(all)].slice(0, maxExits);
}
