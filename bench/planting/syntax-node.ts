/**
 * One face over two parsers, with what the planting operators ask of a tree: kinds and fields keep the names of the
 * parser (ESTree for JavaScript and TypeScript, tree-sitter for Python). Offsets count UTF-16 units.
 */
export interface SyntaxNode {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly parent: SyntaxNode | undefined;
  /** In source order; tree-sitter's include tokens such as `<` and `and`. */
  readonly children: readonly SyntaxNode[];
  field(name: string): SyntaxNode | undefined;
  fieldList(name: string): readonly SyntaxNode[];
  /** A plain value of the node, such as ESTree's `operator`. */
  property(name: string): unknown;
}

export interface Syntax {
  readonly root: SyntaxNode;
  readonly hasErrors: boolean;
}

export function* walk(node: SyntaxNode): Generator<SyntaxNode> {
  yield node;
  for (const child of node.children) yield* walk(child);
}

export function closest(node: SyntaxNode, kinds: readonly string[]): SyntaxNode | undefined {
  let current = node.parent;
  while (current !== undefined && !kinds.includes(current.kind)) current = current.parent;
  return current;
}
