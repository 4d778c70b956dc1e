/**
 * Pieces of the code around a place that may be wanted there again: tests, calls, assignments, statements, guards.
 *
 * I8: a place sees the parts of its own top-level item and of its neighbours, nearest first, as far as some 40,000 characters; a
 * long file costs what its suspicious lines cost.
 */
import type { ScopeReader } from '../syntax/scope.ts';
import { ancestorsOf, childOf, enclosing, isListedStatement, type SyntaxNode } from '../syntax/syntax-node.ts';

export interface Part {
  readonly node: SyntaxNode;
  readonly text: string;
  /** The identifiers in it, each once. */
  readonly names: readonly string[];
  /** The innermost function around. */
  readonly home: SyntaxNode | undefined;
}

export interface Parts {
  /** Operands of connectives, and conditions that are none. */
  readonly tests: readonly Part[];
  readonly calls: readonly Part[];
  readonly assignments: readonly Part[];
  /** Short statements that compute: calls, assignments, steps, deletions. */
  readonly statements: readonly Part[];
  /** `if` statements that end in a jump. */
  readonly guards: readonly Part[];
  readonly exits: readonly Part[];
}

const kinds = ['tests', 'calls', 'assignments', 'statements', 'guards', 'exits'] as const;
type Kind = (typeof kinds)[number];
type Collected = Record<Kind, Part[]>;

const maxCharacters = 40_000;
const longest: Readonly<Record<Kind, number>> = {
  tests: 80,
  calls: 100,
  assignments: 160,
  statements: 120,
  guards: 240,
  exits: 80,
};

export const connective = /^(?:&&|\|\||and|or)$/;

export class PartsReader {
  readonly #source: string;
  readonly #scope: ScopeReader;
  readonly #read = new Map<SyntaxNode, Parts>();
  readonly #near = new Map<SyntaxNode, Parts>();
  readonly #foreign = new Map<Part, ReadonlySet<string>>();

  constructor(source: string, scope: ScopeReader) {
    this.#source = source;
    this.#scope = scope;
  }

  /** The parts around a node, those of its own top-level item first. */
  near(node: SyntaxNode): Parts {
    const item = [node, ...ancestorsOf(node)].find((each) => each.parent?.shape === 'program') ?? node;
    const known = this.#near.get(item);
    if (known !== undefined) return known;
    const parts = merged(this.#around(item).map((each) => this.#partsOf(each)));
    this.#near.set(item, parts);
    return parts;
  }

  /** Whether every name of a part means at another place what it means at its own; names from nowhere are global. */
  isKnownAt(part: Part, visible: ReadonlySet<string>): boolean {
    const unknown = part.names.filter((name) => !visible.has(name));
    return unknown.every((name) => !this.declaredFor(part).has(name));
  }

  declaredFor(part: Part): ReadonlySet<string> {
    const known = this.#foreign.get(part);
    if (known !== undefined) return known;
    const names = new Set(this.#scope.visibleAt(part.node).map((each) => each.name));
    this.#foreign.set(part, names);
    return names;
  }

  /** The item, then its neighbours in turn, until they are too much. */
  #around(item: SyntaxNode): readonly SyntaxNode[] {
    const siblings = item.parent?.children ?? [item];
    const own = siblings.indexOf(item);
    const chosen: SyntaxNode[] = [];
    let length = 0;
    for (const index of outward(own, siblings.length)) {
      const sibling = siblings[index];
      if (sibling === undefined) continue;
      length += sibling.end - sibling.start;
      if (chosen.length > 0 && length > maxCharacters) break;
      chosen.push(sibling);
    }
    return chosen;
  }

  #partsOf(item: SyntaxNode): Parts {
    const known = this.#read.get(item);
    if (known !== undefined) return known;
    const parts = emptyParts();
    this.#collect(item, enclosing(item, 'function'), parts);
    this.#read.set(item, parts);
    return parts;
  }

  /** Gives the names below a node. */
  #collect(node: SyntaxNode, home: SyntaxNode | undefined, parts: Collected): ReadonlySet<string> {
    const inner = node.shape === 'function' ? node : home;
    const names = new Set<string>();
    if (node.shape === 'identifier') names.add(this.#source.slice(node.start, node.end));
    const found = kindsOf(node).filter((kind) => node.end - node.start <= longest[kind]);
    const slots = found.map((kind) => ({ kind, at: parts[kind].length }));
    for (const child of node.children) for (const name of this.#collect(child, inner, parts)) names.add(name);
    const text = found.length === 0 ? '' : this.#source.slice(node.start, node.end);
    for (const { kind, at } of slots) parts[kind].splice(at, 0, { node, text, names: [...names], home });
    return names;
  }
}

function kindsOf(node: SyntaxNode): readonly Kind[] {
  const isStatement = isListedStatement(node);
  const value = node.shape === 'expressionStatement' ? node.children[0] : undefined;
  return [
    ...(isTest(node) ? (['tests'] as const) : []),
    ...(node.shape === 'call' ? (['calls'] as const) : []),
    ...((node.shape === 'assignment' || node.shape === 'declarator') && childOf(node, 'value') !== undefined
      ? (['assignments'] as const)
      : []),
    ...((isStatement && value !== undefined && value.shape !== 'string') || node.kind === 'delete_statement'
      ? (['statements'] as const)
      : []),
    ...(isStatement && isGuard(node) ? (['guards'] as const) : []),
    ...(isExit(node) ? (['exits'] as const) : []),
  ];
}

function isTest(node: SyntaxNode): boolean {
  const isChain = node.operators.some((token) => connective.test(token.text));
  if (isChain || node.shape === 'parenthesis' || node.shape === 'boolean' || node.shape === 'assignment') return false;
  if (node.role === 'condition') return true;
  const parent = node.parent?.shape === 'parenthesis' ? node.parent : node;
  return parent.role === 'condition' || parent.parent?.operators.some((token) => connective.test(token.text)) === true;
}

function isGuard(node: SyntaxNode): boolean {
  if (node.shape !== 'if' || childOf(node, 'alternate') !== undefined) return false;
  const body = childOf(node, 'consequent');
  const last = body?.shape === 'block' ? body.children.at(-1) : body;
  return last !== undefined && isExit(last);
}

export function isExit(node: SyntaxNode): boolean {
  return node.shape === 'return' || node.shape === 'throw' || node.shape === 'jump';
}

function emptyParts(): Collected {
  return { tests: [], calls: [], assignments: [], statements: [], guards: [], exits: [] };
}

function merged(all: readonly Parts[]): Parts {
  const parts = emptyParts();
  for (const each of all) for (const kind of kinds) parts[kind].push(...each[kind]);
  return parts;
}

/** 5, 4, 6, 3, 7, ... */
function* outward(from: number, count: number): Generator<number> {
  yield from;
  for (let step = 1; step < count; step += 1) {
    if (from - step >= 0) yield from - step;
    if (from + step < count) yield from + step;
  }
}
