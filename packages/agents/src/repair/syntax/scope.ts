/** Which names can be used at a place, found by walking only the scopes around it. */
import { ancestorsOf, childOf, type Shape, type SyntaxNode } from './syntax-node.ts';

type NameKind = 'parameter' | 'local' | 'module' | 'function' | 'class' | 'import';

export interface VisibleName {
  readonly name: string;
  readonly kind: NameKind;
  /** Scopes between the place and the declaration: 0 for the innermost function. */
  readonly depth: number;
  /** Parameters of a function or lambda that the name is bound to. */
  readonly parameters: readonly string[];
}

interface Declared extends Omit<VisibleName, 'depth'> {
  /** The offset from which the name has a value. */
  readonly readyAt: number;
  /** The construct in which the name is known. */
  readonly holder: SyntaxNode;
}

const hoisted: ReadonlySet<NameKind> = new Set<NameKind>(['parameter', 'function', 'class', 'import']);

/** Expressions in which nothing is declared, but for the comprehensions of Python. */
const nameless: ReadonlySet<Shape> = new Set<Shape>([
  'call',
  'binary',
  'subscript',
  'member',
  'template',
  'list',
  'object',
]);

/** Reads the scopes of one tree and remembers what it read. */
export class ScopeReader {
  readonly #source: string;
  readonly #isPython: boolean;
  readonly #declared = new Map<SyntaxNode, readonly Declared[]>();

  constructor(source: string, isPython: boolean) {
    this.#source = source;
    this.#isPython = isPython;
  }

  /** The names visible at a node, inner scopes first, each name once. */
  visibleAt(node: SyntaxNode): readonly VisibleName[] {
    const found = new Map<string, VisibleName>();
    const owners = [...ancestorsOf(node)].filter((each) => each.shape === 'function' || each.shape === 'program');
    owners.forEach((owner, depth) => {
      for (const { name, kind, parameters, readyAt, holder } of this.#declaredIn(owner)) {
        const isReady = depth > 0 || hoisted.has(kind) || readyAt <= node.start;
        const isInside = holder.start <= node.start && node.end <= holder.end;
        if (isReady && isInside && !found.has(name)) found.set(name, { name, kind, depth, parameters });
      }
    });
    return [...found.values()];
  }

  #declaredIn(owner: SyntaxNode): readonly Declared[] {
    const known = this.#declared.get(owner);
    if (known !== undefined) return known;
    const found = owner.children
      .filter((child) => child.role !== 'id')
      .flatMap((child) => this.#namesBelow(child, owner, owner));
    this.#declared.set(owner, found);
    return found;
  }

  #namesBelow(node: SyntaxNode, owner: SyntaxNode, holder: SyntaxNode): readonly Declared[] {
    if (node.shape === 'function' || node.shape === 'class') return this.#definition(node, holder);
    if (node.shape === 'import') return this.#imported(node, holder);
    if (isDeclaredName(node)) return [this.#name(node, owner, holder)];
    if (node.role === 'key' || node.role === 'property') return [];
    if (nameless.has(node.shape) && (!this.#isPython || owner.shape === 'program')) return [];
    const inner = holdsNames(node, this.#isPython) ? node : holder;
    return node.children.flatMap((child) => this.#namesBelow(child, owner, inner));
  }

  #name(node: SyntaxNode, owner: SyntaxNode, holder: SyntaxNode): Declared {
    const binding = [...ancestorsOf(node)].find((each) => each.shape === 'declarator' || each.shape === 'assignment');
    const value = binding === undefined ? undefined : childOf(binding, 'value');
    const isParameter = [node, ...ancestorsOf(node)].some((each) => each.role === 'parameter' && each.parent === owner);
    const plain: NameKind = owner.shape === 'program' ? 'module' : 'local';
    return {
      name: this.#text(node),
      kind: isParameter ? 'parameter' : value?.shape === 'function' ? 'function' : plain,
      parameters: value?.shape === 'function' ? this.#parametersOf(value) : [],
      readyAt: binding !== undefined && binding.start >= owner.start ? binding.end : node.end,
      holder,
    };
  }

  #definition(node: SyntaxNode, holder: SyntaxNode): readonly Declared[] {
    const id = childOf(node, 'id');
    if (id === undefined || node.role === 'value') return [];
    const kind = node.shape === 'class' ? 'class' : 'function';
    return [{ name: this.#text(id), kind, parameters: this.#parametersOf(node), readyAt: node.start, holder }];
  }

  #parametersOf(node: SyntaxNode): readonly string[] {
    const names = node.children.filter((child) => child.role === 'parameter').flatMap((child) => firstNames(child));
    return names.map((name) => this.#text(name));
  }

  #imported(node: SyntaxNode, holder: SyntaxNode): readonly Declared[] {
    return node.children.flatMap((child) => {
      if (child.role === 'module') return [];
      const names = allNames(child);
      const last = names.at(this.#isPython && child.kind === 'dotted_name' ? 0 : -1);
      if (last === undefined) return [];
      return [{ name: this.#text(last), kind: 'import' as const, parameters: [], readyAt: 0, holder }];
    });
  }

  #text(node: SyntaxNode): string {
    return this.#source.slice(node.start, node.end);
  }
}

function isDeclaredName(node: SyntaxNode): boolean {
  if (node.shape === 'name') return node.role !== 'key' && node.role !== 'property';
  return node.shape === 'identifier' && node.role === 'target' && node.parent?.kind === 'assignment';
}

function holdsNames(node: SyntaxNode, isPython: boolean): boolean {
  if (isPython) return node.kind.endsWith('_comprehension') || node.kind === 'generator_expression';
  return node.shape === 'block' || node.shape === 'loop' || node.shape === 'switch' || node.kind === 'CatchClause';
}

function allNames(node: SyntaxNode): readonly SyntaxNode[] {
  return node.shape === 'name' ? [node] : node.children.flatMap(allNames);
}

/** The names that a parameter list declares, without what stands inside default values. */
function firstNames(node: SyntaxNode): readonly SyntaxNode[] {
  if (node.shape === 'name') return node.role === 'key' ? [] : [node];
  return node.children.filter((child) => child.role !== 'value' || child.shape === 'name').flatMap(firstNames);
}
