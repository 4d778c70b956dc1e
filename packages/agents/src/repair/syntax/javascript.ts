/** JavaScript and TypeScript through oxc-parser. Offsets of oxc are UTF-16 code units and count a byte order mark, as strings do. */
import { parseSync, visitorKeys, type ParserOptions } from 'oxc-parser';
import type { Language } from '../language.ts';
import {
  enteredTypeScript,
  namingScriptFields,
  patternScriptFields,
  scriptRoles,
  scriptShapes,
  skippedScriptFields,
  transparentScript,
} from './javascript-kinds.ts';
import type { ParsedSource, ParseOutcome } from './parsed-source.ts';
import { SyntaxNode, type NodeDescription, type OperatorToken, type Shape } from './syntax-node.ts';

interface RawNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

interface Place {
  readonly role: string;
  /** Whether identifiers here are declared rather than used. */
  readonly isPattern: boolean;
  /** Whether an identifier right here names a property or a declaration. */
  readonly isNaming: boolean;
}

type Dialect = Pick<ParserOptions, 'lang' | 'sourceType'>;

/** Parses a module, else a CommonJS file, whichever has no error. */
export function parseScript(source: string, language: Exclude<Language, 'python'>): ParseOutcome {
  const lang = language === 'javascript' ? 'jsx' : language === 'typescript' ? 'ts' : 'tsx';
  const dialects: readonly Dialect[] = [
    { lang, sourceType: 'module' },
    { lang, sourceType: 'commonjs' },
  ];
  let problem = 'the parser gave no reason';
  for (const dialect of dialects) {
    const result = parseSync('source', source, dialect);
    const [error] = result.errors;
    if (error === undefined) {
      return { kind: 'parsed', parsed: parsedScript(source, result.program as unknown as RawNode, language, dialect) };
    }
    problem = error.message;
  }
  return { kind: 'syntax_error', detail: problem };
}

function parsedScript(source: string, program: RawNode, language: Language, dialect: Dialect): ParsedSource {
  return {
    source,
    language,
    root: toNode(source, program, undefined, { role: 'program', isPattern: false, isNaming: false }),
    parses: (text) => parseSync('source', text, dialect).errors.length === 0,
    wrap: wrapScript,
  };
}

/** A statement or class member alone, in a context that allows what its own context may allow. */
function wrapScript(node: SyntaxNode, text: string): string {
  if (node.shape === 'program' || node.parent?.shape === 'program') return text;
  if (node.kind === 'MethodDefinition' || node.shape === 'declarator') return `class _ extends _ {\n${text}\n}`;
  return `async function* _() { for (;;) { switch (0) { case 0:\n${text}\n} } }`;
}

function toNode(source: string, raw: RawNode, parent: SyntaxNode | undefined, place: Place): SyntaxNode {
  const description: NodeDescription = {
    kind: raw.type,
    shape: shapeOf(raw, place),
    role: place.role,
    start: raw.start,
    end: endOf(raw),
    operators: operatorsOf(source, raw),
    flags: flagsOf(raw),
  };
  return new SyntaxNode(description, parent, (node) =>
    entersChildren(raw, description.shape) ? childNodes(source, raw, node, place) : [],
  );
}

/** An identifier ends with its name; its type annotation and `?` are not part of it. */
function endOf(raw: RawNode): number {
  const name = raw['name'];
  const isAnnotated = raw.type === 'Identifier' && (isRawNode(raw['typeAnnotation']) || raw['optional'] === true);
  return isAnnotated && typeof name === 'string' ? raw.start + name.length : raw.end;
}

function entersChildren(raw: RawNode, shape: Shape): boolean {
  return shape !== 'name' && !('directive' in raw && typeof raw['directive'] === 'string');
}

function shapeOf(raw: RawNode, place: Place): Shape {
  if (raw.type === 'Identifier' && raw['name'] === 'this') return 'other';
  if (raw.type === 'Identifier') return place.isPattern || place.isNaming ? 'name' : 'identifier';
  if (raw.type === 'Literal') return literalShape(raw);
  if (raw.type === 'MemberExpression') return raw['computed'] === true ? 'subscript' : 'member';
  if ('directive' in raw && typeof raw['directive'] === 'string') return 'other';
  return scriptShapes[raw.type] ?? 'other';
}

function literalShape(raw: RawNode): Shape {
  const value = raw['value'];
  if ('regex' in raw) return 'other';
  if ('bigint' in raw || typeof value === 'number') return 'number';
  if (typeof value === 'string') return 'string';
  return typeof value === 'boolean' ? 'boolean' : 'null';
}

function flagsOf(raw: RawNode): readonly string[] {
  const flags = ['async', 'generator', 'optional', 'shorthand', 'prefix'].filter((flag) => raw[flag] === true);
  return raw['kind'] === 'const' ? [...flags, 'const'] : flags;
}

function childNodes(source: string, raw: RawNode, parent: SyntaxNode, place: Place): readonly SyntaxNode[] {
  const fields = (visitorKeys[raw.type] ?? []).filter((field) => !skippedScriptFields.has(field));
  return fields
    .flatMap((field) => {
      const inner = placeOf(raw, field, place);
      return rawNodes(raw[field])
        .filter(isEntered)
        .map((child) => toNode(source, bare(child), parent, inner));
    })
    .toSorted((a, b) => a.start - b.start);
}

function placeOf(raw: RawNode, field: string, place: Place): Place {
  const key = `${raw.type}.${field}`;
  const isComputed = raw['computed'] === true;
  const isValue = key === 'AssignmentPattern.right' || (field === 'key' && isComputed);
  const role = key === 'MemberExpression.property' && isComputed ? 'index' : (scriptRoles[key] ?? field);
  return {
    role: place.isPattern && role === 'value' && !isValue ? 'target' : role,
    isPattern: patternScriptFields.has(key) || (place.isPattern && !isValue),
    isNaming: (namingScriptFields.has(key) && !isComputed) || (raw['shorthand'] === true && field === 'value'),
  };
}

function isEntered(raw: RawNode): boolean {
  return raw['importKind'] !== 'type' && (!raw.type.startsWith('TS') || enteredTypeScript.has(raw.type));
}

function bare(raw: RawNode): RawNode {
  const [inner] = transparentScript.has(raw.type) ? rawNodes(raw['expression']) : [];
  return inner ?? raw;
}

function rawNodes(value: unknown): readonly RawNode[] {
  return (Array.isArray(value) ? value : [value]).filter(isRawNode);
}

function isRawNode(value: unknown): value is RawNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function operatorsOf(source: string, raw: RawNode): readonly OperatorToken[] {
  const text = raw['operator'];
  if (typeof text !== 'string') return [];
  const [left] = rawNodes(raw['left']);
  const from = left?.end ?? (raw['prefix'] === false ? raw.end - text.length : raw.start);
  const start = tokenStart(source, text, from, raw.end);
  return start === undefined ? [] : [{ text, start, end: start + text.length }];
}

/** The operator stands after the left operand; only blanks, comments and closing brackets may come before it. */
function tokenStart(source: string, text: string, from: number, end: number): number | undefined {
  const skipped = /(?:\s|\)|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
  skipped.lastIndex = from;
  const start = from + (skipped.exec(source)?.[0].length ?? 0);
  return start < end && source.startsWith(text, start) ? start : undefined;
}
