/** Python through tree-sitter's grammar in ast-grep, whose offsets are UTF-16 code units. */
import grammar from '@ast-grep/lang-python';
import { parse, registerDynamicLanguage, type SgNode } from '@ast-grep/napi';
import type { ParsedSource, ParseOutcome } from './parsed-source.ts';
import {
  defaultPythonRoles,
  namingPythonRoles,
  patternPython,
  pythonFields,
  pythonShapes,
  skippedPython,
  transparentPython,
} from './python-kinds.ts';
import { SyntaxNode, type OperatorToken, type Shape } from './syntax-node.ts';

/** The Python grammar could not be loaded: its prebuilt library is missing for this platform. The operator must install it. */
export class PythonParserUnavailable extends Error {
  override readonly name = 'PythonParserUnavailable';

  constructor(cause: unknown) {
    super(
      'The Python grammar of @ast-grep/lang-python cannot be loaded on this platform; reinstall the dependencies.',
      {
        cause,
      },
    );
  }
}

/** tree-sitter repairs what it reads: an error node, or a token of no width that it put in, tells that it did. */
const errorRule = { rule: { any: [{ kind: 'ERROR' }, { regex: '^$', not: { kind: 'module' } }] } };

let isRegistered = false;

/** Registration is once per process; a second one would be refused by the library. */
function registerPython(): void {
  if (isRegistered) return;
  try {
    registerDynamicLanguage({ python: grammar });
  } catch (cause) {
    throw new PythonParserUnavailable(cause);
  }
  isRegistered = true;
}

export function parsePython(source: string): ParseOutcome {
  registerPython();
  const root = parse('python', source).root();
  const error = root.find(errorRule);
  if (error !== null) {
    return { kind: 'syntax_error', detail: `unexpected text at line ${error.range().start.line + 1}` };
  }
  return { kind: 'parsed', parsed: parsedPython(source, root) };
}

function parsedPython(source: string, root: SgNode): ParsedSource {
  return {
    source,
    language: 'python',
    root: toNode(root, undefined, 'program', false),
    parses: (text) => parse('python', text).root().find(errorRule) === null,
    wrap: (node, text) => wrapPython(source, node, text),
  };
}

/** An indented statement keeps its indentation below a header of its own. */
function wrapPython(source: string, node: SyntaxNode, text: string): string {
  if (node.shape === 'program') return text;
  const lineStart = source.lastIndexOf('\n', node.start - 1) + 1;
  const indent = source.slice(lineStart, node.start);
  return indent === '' || indent === '\uFEFF'
    ? `${text}\n`
    : `if 1:\n${/^[ \t]*$/.test(indent) ? indent : ' '}${text}\n`;
}

function toNode(raw: SgNode, parent: SyntaxNode | undefined, role: string, isPattern: boolean): SyntaxNode {
  const kind = String(raw.kind());
  const { start, end } = raw.range();
  const isInside = isPattern || patternPython.has(kind);
  const description = {
    kind,
    shape: shapeOf(raw, kind, parent, role, isPattern),
    role,
    start: start.index,
    end: end.index,
    operators: operatorsOf(raw, kind),
    flags: kind === 'function_definition' && raw.child(0)?.kind() === 'async' ? ['async'] : [],
  };
  return new SyntaxNode(description, parent, (node) => childNodes(raw, kind, node, isInside));
}

function shapeOf(raw: SgNode, kind: string, parent: SyntaxNode | undefined, role: string, isPattern: boolean): Shape {
  if (kind === 'identifier') {
    return isPattern || namingPythonRoles.has(`${parent?.kind ?? ''}.${role}`) ? 'name' : 'identifier';
  }
  if (kind === 'string')
    return raw.namedChildren().some((child) => child.kind() === 'interpolation') ? 'template' : 'string';
  return pythonShapes[kind] ?? 'other';
}

function childNodes(raw: SgNode, kind: string, parent: SyntaxNode, isPattern: boolean): readonly SyntaxNode[] {
  const roles = rolesOf(raw, kind);
  return raw.namedChildren().flatMap((child, index) => {
    const childKind = String(child.kind());
    if (skippedPython.has(childKind)) return [];
    const role = roles.get(child.id()) ?? fallbackRole(raw, kind, child, index);
    const isValue = kind === 'default_parameter' || kind === 'typed_default_parameter' ? role === 'value' : false;
    if (transparentPython.has(childKind)) return childNodes(child, childKind, parent, isPattern);
    return [toNode(child, parent, role, isPattern && !isValue)];
  });
}

function rolesOf(raw: SgNode, kind: string): ReadonlyMap<number, string> {
  const fields = pythonFields[kind] ?? [];
  return new Map(
    fields.flatMap(([field, role]) => raw.fieldChildren(field).map((child) => [child.id(), role] as const)),
  );
}

function fallbackRole(raw: SgNode, kind: string, child: SgNode, index: number): string {
  if (kind === 'conditional_expression') return ['consequent', 'condition', 'alternate'][index] ?? 'part';
  if (kind === 'comparison_operator') return index === 0 ? 'left' : 'right';
  if (kind === 'else_clause') return 'alternate';
  if (kind === 'slice') return sliceRole(raw, child);
  return defaultPythonRoles[kind] ?? 'part';
}

function sliceRole(raw: SgNode, child: SgNode): string {
  const before = raw
    .children()
    .filter((each) => each.kind() === ':' && each.range().end.index <= child.range().start.index);
  return ['lower', 'upper', 'step'][before.length] ?? 'part';
}

const operatorKinds = new Set([
  'binary_operator',
  'boolean_operator',
  'not_operator',
  'unary_operator',
  'augmented_assignment',
]);

function operatorsOf(raw: SgNode, kind: string): readonly OperatorToken[] {
  if (kind === 'comparison_operator') return raw.fieldChildren('operators').map(toToken);
  if (kind === 'assignment')
    return raw
      .children()
      .filter((child) => child.kind() === '=')
      .map(toToken);
  if (kind === 'not_operator') return raw.children().slice(0, 1).map(toToken);
  const token = operatorKinds.has(kind) ? raw.field('operator') : null;
  return token === null ? [] : [toToken(token)];
}

function toToken(raw: SgNode): OperatorToken {
  const { start, end } = raw.range();
  return { text: raw.text().replace(/\s+/g, ' '), start: start.index, end: end.index };
}
