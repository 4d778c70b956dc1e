import { parse, registerDynamicLanguage, type SgNode } from '@ast-grep/napi';
import python from '@ast-grep/lang-python';
import type { Syntax, SyntaxNode } from './syntax-node.ts';

let isRegistered = false;

export function parsePython(source: string): Syntax {
  if (!isRegistered) registerDynamicLanguage({ python });
  isRegistered = true;
  const root = new PythonNode(parse('python', source).root(), undefined);
  return { root, hasErrors: containsError(root) };
}

class PythonNode implements SyntaxNode {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly parent: SyntaxNode | undefined;
  readonly children: readonly SyntaxNode[];
  readonly #node: SgNode;

  constructor(node: SgNode, parent: SyntaxNode | undefined) {
    this.#node = node;
    this.kind = String(node.kind());
    this.start = node.range().start.index;
    this.end = node.range().end.index;
    this.text = node.text();
    this.parent = parent;
    this.children = node.children().map((child) => new PythonNode(child, this));
  }

  field(name: string): SyntaxNode | undefined {
    const id = this.#node.field(name)?.id();
    return this.children.find((child) => child instanceof PythonNode && child.#node.id() === id);
  }

  fieldList(name: string): readonly SyntaxNode[] {
    const found = this.field(name);
    return found === undefined ? [] : [found];
  }

  property(): unknown {
    return undefined;
  }
}

function containsError(node: SyntaxNode): boolean {
  return node.kind === 'ERROR' || node.children.some(containsError);
}
