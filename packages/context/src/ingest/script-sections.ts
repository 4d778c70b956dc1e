import { parseSync, type Node, type ParserOptions, type Program } from 'oxc-parser';
import { nestingOf } from '../syntax/script-nesting.ts';
import { sectionsOf, type Mark, type Section } from './section.ts';

type ScriptLanguage = 'javascript' | 'typescript' | 'tsx';

/** The parser, which ends the process when it runs out of stack, holds four times as much in a worker thread. */
const MAX_NESTING = 1_000;

/**
 * Top-level statements of a script, each named by what it declares, with the members of classes, namespaces, object
 * literals and blocks of tests; undefined for what does not parse, or is nested too deep to be parsed.
 */
export function scriptSections(text: string, language: ScriptLanguage): readonly Section[] | undefined {
  if (nestingOf(text) > MAX_NESTING) return undefined;
  const program = parsed(text, language);
  return program === undefined ? undefined : sectionsOf(text, marksOf(program.body, '', text), 0, text.length);
}

/** As a module, else as CommonJS, whichever has no error. */
function parsed(text: string, language: ScriptLanguage): Program | undefined {
  const lang = ({ javascript: 'jsx', typescript: 'ts', tsx: 'tsx' } as const)[language];
  const sourceTypes = ['module', 'commonjs'] as const satisfies readonly ParserOptions['sourceType'][];
  for (const sourceType of sourceTypes) {
    const result = parseSync('source', text, { lang, sourceType });
    if (result.errors.length === 0) return result.program;
  }
  return undefined;
}

function marksOf(nodes: readonly Node[], prefix: string, text: string): readonly Mark[] {
  return nodes.map((node) => {
    const name = nameOf(node, text);
    const symbol = name === undefined ? prefix.replace(/(?:\.| > )$/, '') || undefined : `${prefix}${name}`;
    const { parts, joint } = partsOf(node);
    const inner = symbol === undefined ? '' : `${symbol}${joint}`;
    return { start: node.start, end: node.end, symbol, members: marksOf(parts, inner, text) };
  });
}

function nameOf(node: Node, text: string): string | undefined {
  switch (node.type) {
    case 'ExportNamedDeclaration':
      return node.declaration === null ? undefined : nameOf(node.declaration, text);
    case 'ExportDefaultDeclaration':
      return nameOf(node.declaration, text) ?? 'default';
    case 'FunctionDeclaration':
    case 'TSDeclareFunction':
    case 'ClassDeclaration':
      return node.id?.name;
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
    case 'TSEnumDeclaration':
    case 'TSModuleDeclaration':
      return text.slice(node.id.start, node.id.end);
    case 'VariableDeclaration': {
      const id = node.declarations[0]?.id;
      return id?.type === 'Identifier' ? id.name : undefined;
    }
    case 'ExpressionStatement':
      return nameOfExpression(node.expression, text);
    default:
      return 'key' in node && !('computed' in node && node.computed) ? nameOfKey(node.key) : undefined;
  }
}

/** `exports.parse = ...` by its target, `test('adds', ...)` by its title. */
function nameOfExpression(node: Node, text: string): string | undefined {
  if (node.type === 'AssignmentExpression') {
    const target = text.slice(node.left.start, node.left.end);
    return /^[\w$.]+$/.test(target) ? target : undefined;
  }
  const [title, body] = node.type === 'CallExpression' ? node.arguments : [];
  const isTitled = title?.type === 'Literal' && typeof title.value === 'string' && body !== undefined;
  return isTitled ? String(title.value) : undefined;
}

function nameOfKey(key: Node): string | undefined {
  if (key.type === 'PrivateIdentifier') return `#${key.name}`;
  if (key.type === 'Identifier') return key.name;
  return key.type === 'Literal' ? String(key.value) : undefined;
}

interface Parts {
  readonly parts: readonly Node[];
  /** Stands between the name of the whole and that of a part. */
  readonly joint: '.' | ' > ';
}

function partsOf(node: Node): Parts {
  switch (node.type) {
    case 'ExportNamedDeclaration':
    case 'ExportDefaultDeclaration':
      return node.declaration === null ? NO_PARTS : partsOf(node.declaration);
    case 'ClassDeclaration':
    case 'ClassExpression':
      return { parts: node.body.body, joint: '.' };
    case 'TSModuleDeclaration':
      return node.body?.type === 'TSModuleBlock' ? { parts: node.body.body, joint: '.' } : NO_PARTS;
    case 'VariableDeclaration': {
      const [declarator, another] = node.declarations;
      const value = another === undefined ? declarator?.init : undefined;
      return value === undefined || value === null ? NO_PARTS : partsOf(value);
    }
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
      return partsOf(node.expression);
    case 'ObjectExpression':
      return { parts: node.properties, joint: '.' };
    case 'ExpressionStatement':
      return partsOfExpression(node.expression);
    default:
      return NO_PARTS;
  }
}

const NO_PARTS: Parts = { parts: [], joint: '.' };

/** What is assigned, or the statements of the function that a call ends with, as blocks of tests have it. */
function partsOfExpression(node: Node): Parts {
  if (node.type === 'AssignmentExpression') return partsOf(node.right);
  const last = node.type === 'CallExpression' ? node.arguments.at(-1) : undefined;
  if (last?.type !== 'ArrowFunctionExpression' && last?.type !== 'FunctionExpression') return NO_PARTS;
  return last.body?.type === 'BlockStatement' ? { parts: last.body.body, joint: ' > ' } : NO_PARTS;
}
