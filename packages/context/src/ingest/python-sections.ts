import grammar from '@ast-grep/lang-python';
import { parse, registerDynamicLanguage, type SgNode } from '@ast-grep/napi';
import { sectionsOf, type Mark, type Section } from './section.ts';

/** tree-sitter repairs what it reads: an error node, or a token of no width that it put in, tells that it did. */
const MENDED = { rule: { any: [{ kind: 'ERROR' }, { regex: '^$', not: { kind: 'module' } }] } };

const registration = { isDone: false };

/** Top-level statements, each named by what it defines, with the members of classes; undefined for what does not parse. */
export function pythonSections(text: string): readonly Section[] | undefined {
  if (!registration.isDone) registerDynamicLanguage({ python: grammar });
  registration.isDone = true;
  const root = parse('python', text).root();
  if (root.find(MENDED) !== null) return undefined;
  return sectionsOf(text, marksOf(root, ''), 0, text.length);
}

function marksOf(block: SgNode, prefix: string): readonly Mark[] {
  const statements = block.namedChildren().filter((node) => node.kind() !== 'comment');
  return statements.map((node) => markOf(node, prefix));
}

function markOf(node: SgNode, prefix: string): Mark {
  const { start, end } = node.range();
  const definition = node.kind() === 'decorated_definition' ? (node.field('definition') ?? node) : node;
  const name = nameOf(definition);
  const symbol = name === undefined ? prefix.slice(0, -1) || undefined : `${prefix}${name}`;
  const body = definition.kind() === 'class_definition' ? definition.field('body') : null;
  return {
    start: start.index,
    end: end.index,
    symbol,
    members: body === null ? [] : marksOf(body, `${symbol ?? ''}.`),
  };
}

function nameOf(node: SgNode): string | undefined {
  if (node.kind() !== 'expression_statement') return node.field('name')?.text();
  const target = node.child(0)?.kind() === 'assignment' ? node.child(0)?.field('left') : undefined;
  return target?.kind() === 'identifier' ? target.text() : undefined;
}
