import { parseSync, visitorKeys } from 'oxc-parser';
import type { Syntax, SyntaxNode } from './syntax-node.ts';

export function parseJavaScript(file: string, source: string): Syntax {
  const { program, errors } = parseSync(file, source);
  return { root: new JavaScriptNode(toRecord(program), source, undefined), hasErrors: errors.length > 0 };
}

type NodeRecord = Readonly<Record<string, unknown>>;

class JavaScriptNode implements SyntaxNode {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly parent: SyntaxNode | undefined;
  readonly children: readonly SyntaxNode[];
  readonly #record: NodeRecord;
  readonly #fields: ReadonlyMap<string, readonly SyntaxNode[]>;

  constructor(record: NodeRecord, source: string, parent: SyntaxNode | undefined) {
    this.#record = record;
    this.kind = String(record['type']);
    this.start = Number(record['start']);
    this.end = Number(record['end']);
    this.text = source.slice(this.start, this.end);
    this.parent = parent;
    const keys = visitorKeys[this.kind] ?? [];
    this.#fields = new Map(
      keys.map((key) => [key, nodesIn(record[key]).map((child) => new JavaScriptNode(child, source, this))]),
    );
    this.children = [...this.#fields.values()].flat().sort((first, second) => first.start - second.start);
  }

  field(name: string): SyntaxNode | undefined {
    return this.#fields.get(name)?.[0];
  }

  fieldList(name: string): readonly SyntaxNode[] {
    return this.#fields.get(name) ?? [];
  }

  property(name: string): unknown {
    return this.#record[name];
  }
}

function nodesIn(value: unknown): NodeRecord[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((item) => typeof item === 'object' && item !== null && 'type' in item).map(toRecord);
}

function toRecord(node: unknown): NodeRecord {
  if (typeof node !== 'object' || node === null) throw new TypeError('a syntax node is an object');
  return Object.fromEntries(Object.entries(node));
}
