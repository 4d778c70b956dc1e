/** A case that was not thought of: `if (x == null) return ...` before a statement, `x && ...` before a condition. */
import { descend, enclosing, isListedStatement, type SyntaxNode } from '../syntax/syntax-node.ts';
import { guardedCondition } from './missing-conjunct.ts';
import { insertBefore } from './proposal.ts';
import type { Proposal, RepairOperator, Site } from './repair-operator.ts';

const maxNames = 3;
const maxAnswers = 6;

export const missingGuard: RepairOperator = {
  name: 'missing-guard',
  *propose(node, site) {
    if (isListedStatement(node) && node.shape !== 'function' && node.shape !== 'class') yield* guards(node, site);
    if (node.role === 'condition') yield* guardedCondition(node, site);
  },
};

function* guards(statement: SyntaxNode, site: Site): Generator<Proposal> {
  const owner = enclosing(statement, 'function');
  if (owner === undefined) return;
  const used = usedNames(statement, site);
  const exits = exitsOf(statement, owner, site);
  for (const name of used.guarded.filter((each) => !isMentionedBefore(statement, each, site)).slice(0, maxNames))
    yield* guardsFor(statement, emptiness(name, site), exits, site);
  for (const name of used.dividing.slice(0, 2)) yield* guardsFor(statement, [`${name} ${equals(site)} 0`], exits, site);
  for (const name of used.counted.slice(0, 2))
    yield* guardsFor(statement, [`${name} <= 0`, `${name} <= 1`, `${name} < 0`], exits.slice(0, 3), site);
}

function guardsFor(
  statement: SyntaxNode,
  conditions: readonly string[],
  exits: readonly string[],
  site: Site,
): readonly Proposal[] {
  return conditions.flatMap((condition) =>
    exits.flatMap((exit) =>
      insertBefore(
        statement,
        site.isPython
          ? [`if ${condition}:${site.newline}${pythonIndent(statement, site)}${exit}`]
          : [`if (${condition}) ${exit};`],
        site,
      ),
    ),
  );
}

function pythonIndent(statement: SyntaxNode, site: Site): string {
  const line = site.lines.textOf(site.lines.lineAt(statement.start)).replace(/^\uFEFF/, '');
  const indent = /^[ \t]*/.exec(line)?.[0] ?? '';
  return indent + (indent.includes('\t') ? '\t' : '    ');
}

function emptiness(name: string, site: Site): readonly string[] {
  return site.isPython ? [`not ${name}`, `${name} is None`] : [`!${name}`, `${name} == null`, `${name}.length === 0`];
}

function equals(site: Site): string {
  return site.isPython ? '==' : '===';
}

interface UsedNames {
  /** Names whose members, items or length are asked for, or that are walked. */
  readonly guarded: readonly string[];
  readonly dividing: readonly string[];
  /** Names that a recursion or a loop counts. */
  readonly counted: readonly string[];
}

function usedNames(statement: SyntaxNode, site: Site): UsedNames {
  const visible = new Set(
    site.scope
      .visibleAt(statement)
      .flatMap((each) => (each.kind === 'parameter' || each.kind === 'local' ? [each.name] : [])),
  );
  const header = [...descend(statement, (node) => node.shape !== 'block' && node.shape !== 'function')];
  const names = header.filter((node) => node.shape === 'identifier' && visible.has(site.textOf(node)));
  const pick = (test: (node: SyntaxNode) => boolean): readonly string[] => [
    ...new Set(names.filter(test).map((node) => site.textOf(node))),
  ];
  return {
    guarded: pick(
      (node) =>
        (node.role === 'object' && !/^(self|cls)$/.test(site.textOf(node))) ||
        node.role === 'iterable' ||
        node.role === 'argument',
    ),
    dividing: pick((node) => node.role === 'right' && ['/', '%', '//'].includes(node.parent?.operators[0]?.text ?? '')),
    counted: pick((node) => node.role === 'left' && ['-', '*'].includes(node.parent?.operators[0]?.text ?? '')),
  };
}

/** A guard belongs before the first use; later statements of the same list gain nothing from it. */
function isMentionedBefore(statement: SyntaxNode, name: string, site: Site): boolean {
  const siblings = statement.parent?.children ?? [];
  const earlier = siblings.slice(0, siblings.indexOf(statement));
  const use = new RegExp(`(?<![\\p{L}\\p{N}_$.])${name.replaceAll('$', '\\$')}\\s*[.[]`, 'u');
  return earlier.some((sibling) => use.test(site.textOf(sibling)));
}

/** Ways out, those that the function already uses first. */
function exitsOf(statement: SyntaxNode, owner: SyntaxNode, site: Site): readonly string[] {
  const isInLoop = enclosing(statement, 'loop', 'function')?.shape === 'loop';
  const nodes = [...descend(owner, (node) => node.shape !== 'function')];
  const used = nodes
    .filter((node) => node.shape === 'return' && node.end - node.start < 40)
    .map((node) => site.textOf(node).replace(/;$/, ''));
  const plain = site.isPython
    ? ['return', 'return []', 'return 0', 'return ""', 'return False', 'return {}', 'return 1', 'return None']
    : ['return', 'return []', 'return 0', "return ''", 'return false', 'return null', 'return {}', 'return 1'];
  const quote = site.isPython ? '"' : "'";
  const strings = site.hints.strings.filter((text) => !/["'\\\n]/.test(text)).map((text) => quote + text + quote);
  const hinted = [...site.hints.numbers.slice(0, 2), ...strings.slice(0, 2)].map((text) => `return ${text}`);
  const names = site.scope
    .visibleAt(statement)
    .filter((each) => each.depth === 0 && each.kind === 'parameter')
    .map((each) => `return ${each.name}`);
  const constantReturns = used.filter(
    (text) => /^return( (-?\d+(\.\d+)?|""|''|\[\]|\{\}|\w+))?$/.test(text) && !names.includes(text),
  );
  const before = isInLoop ? ['continue'] : [];
  return [
    ...new Set([
      ...before,
      ...constantReturns.slice(0, 2),
      ...plain.slice(0, maxAnswers),
      ...hinted,
      ...names.slice(0, 2),
    ]),
  ];
}
