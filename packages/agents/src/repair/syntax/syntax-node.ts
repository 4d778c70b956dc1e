/**
 * One neutral view of a syntax tree, shared by all languages, so that a repair operator is written once.
 *
 * I3: children are made when they are first asked for; a file of 20,000 lines costs what its suspicious lines cost.
 * I4: comments, type annotations and decorators have no node: no operator can touch them. Imports have nodes only for the names
 * that they declare.
 */

/** What a construct is, whatever its language calls it. */
export type Shape =
  | 'program'
  | 'block'
  | 'function'
  | 'class'
  | 'import'
  | 'expressionStatement'
  | 'declaration'
  | 'return'
  | 'if'
  | 'loop'
  | 'jump'
  | 'throw'
  | 'switch'
  | 'case'
  | 'statement'
  | 'binary'
  | 'unary'
  | 'update'
  | 'assignment'
  | 'declarator'
  | 'conditional'
  | 'call'
  | 'member'
  | 'subscript'
  | 'slice'
  /** An identifier used as a value or assigned to. */
  | 'identifier'
  /** An identifier that declares or names something. */
  | 'name'
  | 'number'
  | 'string'
  | 'boolean'
  | 'null'
  | 'template'
  | 'list'
  | 'object'
  | 'await'
  | 'parenthesis'
  | 'spread'
  | 'other';

/** A token that says what an expression does: `<`, `not in`, `+=`, `++`. */
export interface OperatorToken {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** What an adapter says about one node of its parser's tree. */
export interface NodeDescription {
  /** The parser's own name of the construct. */
  readonly kind: string;
  readonly shape: Shape;
  /** The place in the parent: `left`, `right`, `operand`, `condition`, `callee`, `argument`, `target`, `value`, ... */
  readonly role: string;
  /** UTF-16 offsets. */
  readonly start: number;
  readonly end: number;
  readonly operators?: readonly OperatorToken[];
  /** `async` for an asynchronous function, `const` for a declaration that cannot be assigned. */
  readonly flags?: readonly string[];
}

export class SyntaxNode {
  readonly kind: string;
  readonly shape: Shape;
  readonly role: string;
  readonly start: number;
  readonly end: number;
  readonly operators: readonly OperatorToken[];
  readonly flags: readonly string[];
  readonly parent: SyntaxNode | undefined;
  readonly #expand: (parent: SyntaxNode) => readonly SyntaxNode[];
  #children: readonly SyntaxNode[] | undefined;

  constructor(
    description: NodeDescription,
    parent: SyntaxNode | undefined,
    expand: (parent: SyntaxNode) => readonly SyntaxNode[],
  ) {
    this.kind = description.kind;
    this.shape = description.shape;
    this.role = description.role;
    this.start = description.start;
    this.end = description.end;
    this.operators = description.operators ?? [];
    this.flags = description.flags ?? [];
    this.parent = parent;
    this.#expand = expand;
  }

  /** In source order. */
  get children(): readonly SyntaxNode[] {
    this.#children ??= this.#expand(this);
    return this.#children;
  }
}

const statementShapes: ReadonlySet<Shape> = new Set<Shape>([
  'function',
  'class',
  'expressionStatement',
  'declaration',
  'return',
  'if',
  'loop',
  'jump',
  'throw',
  'switch',
  'statement',
]);

/** The first child with a role. */
export function childOf(node: SyntaxNode, role: string): SyntaxNode | undefined {
  return node.children.find((child) => child.role === role);
}

/** All children with a role. */
export function childrenOf(node: SyntaxNode, role: string): readonly SyntaxNode[] {
  return node.children.filter((child) => child.role === role);
}

/** The parent, its parent, ... up to the program. */
export function* ancestorsOf(node: SyntaxNode): Generator<SyntaxNode> {
  for (let at = node.parent; at !== undefined; at = at.parent) yield at;
}

/** The innermost ancestor of one of these shapes. */
export function enclosing(node: SyntaxNode, ...shapes: readonly Shape[]): SyntaxNode | undefined {
  return ancestorsOf(node).find((each) => shapes.includes(each.shape));
}

/** A node and everything below it that `into` lets through, in source order. */
export function* descend(node: SyntaxNode, into: (node: SyntaxNode) => boolean = () => true): Generator<SyntaxNode> {
  yield node;
  for (const child of node.children) if (into(child)) yield* descend(child, into);
}

/** Whether a node stands where a statement stands: in a list of statements or as the single body of one. */
export function isStatement(node: SyntaxNode): boolean {
  const holder = node.parent?.shape;
  if (!statementShapes.has(node.shape)) return false;
  if (holder === 'block' || holder === 'program') return true;
  if (holder === 'case') return node.role === 'body';
  return (holder === 'if' || holder === 'loop') && ['consequent', 'alternate', 'body'].includes(node.role);
}

/** Whether a node is an item in a list of statements, where a neighbour can be put beside it. */
export function isListedStatement(node: SyntaxNode): boolean {
  return isStatement(node) && ['block', 'program', 'case'].includes(node.parent?.shape ?? '');
}
