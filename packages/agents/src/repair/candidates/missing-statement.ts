/** A statement left out (a jump, a step, the twin of a neighbour) or one too many. */
import {
  ancestorsOf,
  childOf,
  descend,
  enclosing,
  isListedStatement,
  isStatement,
  type SyntaxNode,
} from '../syntax/syntax-node.ts';
import { endMark, insertAfter, insertBefore, replaceNode, similarity } from './proposal.ts';
import type { Proposal, RepairOperator, Site } from './repair-operator.ts';

export const missingJump: RepairOperator = {
  name: 'missing-jump',
  *propose(node, site) {
    if (node.shape === 'jump') yield* otherJump(node, site);
    if ((node.shape === 'return' || node.shape === 'throw') && node.children.length === 1) yield* otherEnd(node, site);
    if (isListedStatement(node) && isLastOfList(node)) yield* appendedJump(node, site);
  },
};

function isLastOfList(node: SyntaxNode): boolean {
  return node.parent?.children.at(-1) === node;
}

function* otherJump(node: SyntaxNode, site: Site): Generator<Proposal> {
  const text = site.textOf(node);
  const word = text.startsWith('break') ? 'break' : 'continue';
  const others = word === 'break' ? ['continue', 'return'] : ['break', 'return'];
  for (const other of others) {
    if (
      other === 'return'
        ? enclosing(node, 'function') !== undefined
        : enclosing(node, 'loop', 'function')?.shape === 'loop'
    ) {
      yield { start: node.start, end: node.start + word.length, replacement: other };
    }
  }
}

/** `return error` for `throw error`, and the other way about. */
function* otherEnd(node: SyntaxNode, site: Site): Generator<Proposal> {
  const word = /^\w+/.exec(site.textOf(node))?.[0] ?? '';
  const value = node.children[0];
  if (node.shape === 'return' && value?.shape !== 'identifier' && value?.kind !== 'NewExpression') return;
  const other = node.shape === 'throw' ? 'return' : site.isPython ? 'raise' : 'throw';
  yield { start: node.start, end: node.start + word.length, replacement: other };
}

function* appendedJump(node: SyntaxNode, site: Site): Generator<Proposal> {
  if (node.shape === 'jump' || node.shape === 'return' || node.shape === 'throw') return;
  const mark = endMark(node, site);
  const inCase = node.parent?.shape === 'case';
  const isInLoop = enclosing(node, 'loop', 'function')?.shape === 'loop';
  const isInBranch =
    node.parent?.shape === 'block' && node.parent.parent?.shape !== 'loop' && node.parent.parent?.shape !== 'function';
  if (inCase) yield* insertAfter(node, [`break${mark}`], site);
  if (isInLoop && (isInBranch || inCase)) {
    yield* insertAfter(node, [`continue${mark}`], site);
    if (!inCase) yield* insertAfter(node, [`break${mark}`], site);
  }
  if (isInBranch && enclosing(node, 'function') !== undefined) yield* insertAfter(node, [`return${mark}`], site);
}

export const missingStatement: RepairOperator = {
  name: 'missing-statement',
  *propose(node, site) {
    if (!isListedStatement(node)) return;
    if (node.shape === 'expressionStatement') yield* twin(node, site);
    yield* borrowed(node, site);
    if (isLastOfList(node)) yield* step(node, site);
  },
};

/** `this.width = width` without `this.height = height`: the statement again for a name that the function never uses. */
function* twin(node: SyntaxNode, site: Site): Generator<Proposal> {
  const owner = enclosing(node, 'function');
  const body = owner === undefined ? undefined : childOf(owner, 'body');
  if (body === undefined) return;
  const visible = site.scope.visibleAt(node).filter((each) => each.depth === 0 && each.name !== 'self');
  const text = site.textOf(node);
  const bodyText = site.textOf(body);
  const mentioned = visible.map((each) => each.name).filter((name) => hasWord(text, name));
  const unused = visible.map((each) => each.name).filter((name) => !hasWord(bodyText, name));
  for (const from of mentioned) {
    for (const to of unused.toSorted((a, b) => similarity(b, from) - similarity(a, from))) {
      yield* insertAfter(node, [text.replace(wordPattern(from), to)], site);
    }
  }
}

function hasWord(text: string, word: string): boolean {
  return wordPattern(word).test(text);
}

/** The word alone, also as the end of a member (`this.width`). */
function wordPattern(word: string): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}_$])${word.replaceAll('$', '\\$')}(?![\\p{L}\\p{N}_$])`, 'gu');
}

const maxBorrowed = 6;

interface Short {
  readonly node: SyntaxNode;
  readonly text: string;
  /** The own names that it uses: those that can be seen where it stands. */
  readonly names: readonly string[];
}

const shortStatements = new WeakMap<SyntaxNode, readonly Short[]>();

/** A short statement of the same class or function, once more, before this one. */
function* borrowed(node: SyntaxNode, site: Site): Generator<Proposal> {
  const owner = enclosing(node, 'class') ?? enclosing(node, 'function');
  if (owner === undefined) return;
  const visible = new Set(site.scope.visibleAt(node).map((each) => each.name));
  const statements = shortStatements.get(owner) ?? shortStatementsOf(owner, site);
  shortStatements.set(owner, statements);
  const own = site.textOf(node);
  const texts = new Set<string>();
  for (const { text, names, node: there } of statements) {
    if (texts.size >= maxBorrowed) break;
    if (there !== node && text !== own && names.every((name) => visible.has(name))) texts.add(text);
  }
  for (const text of texts) yield* insertBefore(node, [text], site);
}

function shortStatementsOf(owner: SyntaxNode, site: Site): readonly Short[] {
  return [...descend(owner).take(2000)]
    .filter((each) => each.shape === 'expressionStatement' && isListedStatement(each) && each.end - each.start <= 60)
    .map((node) => ({ node, text: site.textOf(node), names: ownNames(node, site) }))
    .filter(({ text }) => !/^(super\b|['"]|console\.|print\()/.test(text));
}

function ownNames(statement: SyntaxNode, site: Site): readonly string[] {
  const there = new Set(site.scope.visibleAt(statement).map((each) => each.name));
  const names = [...descend(statement)].filter((each) => each.shape === 'identifier').map((each) => site.textOf(each));
  return names.filter((name) => there.has(name));
}

/** A `while` loop whose counter never moves. */
function* step(node: SyntaxNode, site: Site): Generator<Proposal> {
  const loop = [...ancestorsOf(node)].find((each) => each.shape === 'loop');
  const condition = loop === undefined ? undefined : childOf(loop, 'condition');
  if (condition === undefined || node.parent?.parent !== loop) return;
  const names = new Set(
    [...descend(condition)].flatMap((each) =>
      each.shape === 'identifier' && each.role === 'left' ? [site.textOf(each)] : [],
    ),
  );
  for (const name of names) {
    for (const operator of ['+=', '-='])
      yield* insertAfter(node, [`${name} ${operator} 1${endMark(node, site)}`], site);
  }
}

const deletable: ReadonlySet<string> = new Set([
  'expressionStatement',
  'return',
  'if',
  'loop',
  'jump',
  'throw',
  'statement',
]);

export const deleteStatement: RepairOperator = {
  name: 'delete-statement',
  *propose(node, site) {
    if (!isStatement(node) || !deletable.has(node.shape)) return;
    yield deletion(node, site);
    if (node.shape === 'if') yield* withoutElse(node, site);
  },
};

/** The statement and its line; a block of Python that would be empty keeps `pass`. */
function deletion(node: SyntaxNode, site: Site): Proposal {
  if (!isListedStatement(node)) return replaceNode(node, '{}');
  if (site.isPython && node.parent?.children.length === 1) return replaceNode(node, 'pass');
  const first = site.lines.lineAt(node.start);
  const start = site.lines.startOf(first);
  const last = site.lines.lineAt(node.end);
  const next = site.lines.startOf(last + 1);
  const rest = site.source.slice(node.end, next);
  const isAlone = site.source.slice(start, node.start).trim() === '' && rest.trim() === '' && start > 0;
  return isAlone ? { start, end: next, replacement: '' } : replaceNode(node, '');
}

function* withoutElse(node: SyntaxNode, site: Site): Generator<Proposal> {
  const consequent = childOf(node, 'consequent');
  const alternate = childOf(node, 'alternate');
  if (consequent === undefined || alternate === undefined || site.isPython) return;
  yield { start: consequent.end, end: alternate.end, replacement: '' };
  yield replaceNode(node, site.textOf(alternate));
}
