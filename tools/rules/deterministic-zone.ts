// In the deterministic zone the same arguments give the same answer on every machine and every day: clock, random
// numbers, ids, environment and files come in as arguments. Tests beside the sources are free.
import { builtinModules } from 'node:module';
import type { Node } from 'oxc-parser';
import { type Problem, type Source, dottedName, isTest, problemAt, walk } from '../source.ts';
import { importsOf } from './boundaries.ts';

const RULE = 'deterministic-zone';

const ZONE = [
  'packages/core/src/machine/',
  'packages/governance/src/',
  'packages/context/src/index/',
  'packages/protocol/src/',
];
/** Here not even an `await` may stand. */
const SYNCHRONOUS = 'packages/core/src/machine/';

/** Pure functions over their arguments; everything else that Node brings can see the machine. */
const PURE_BUILTINS = new Set(['node:crypto', 'node:assert', 'node:assert/strict', 'node:buffer']);
const BUILTINS = new Set(builtinModules);

/** Names that read a clock, chance, the process or the machine's locale, wherever they stand in a dotted name. */
const IMPURE_NAMES = [
  /^Date\.now$/u,
  /^performance(\.|$)/u,
  /^Math\.random$/u,
  /(^|\.)(randomUUID|randomBytes|randomInt|randomFill|randomFillSync|getRandomValues)$/u,
  /^process(\.|$)/u,
  /^(setTimeout|setInterval|setImmediate|queueMicrotask|fetch|WebSocket)$/u,
  /\.(localeCompare|toLocaleString|toLocaleDateString|toLocaleTimeString|toLocaleUpperCase|toLocaleLowerCase)$/u,
];

export function checkDeterministicZone(sources: readonly Source[]): Problem[] {
  return sources
    .filter(({ path }) => !isTest(path) && ZONE.some((zone) => path.startsWith(zone)))
    .flatMap((source) => [...impureImports(source), ...impureSyntax(source)]);
}

function impureImports(source: Source): Problem[] {
  return importsOf(source)
    .filter(({ specifier }) => isBuiltin(specifier) && !PURE_BUILTINS.has(specifier))
    .map((edge) => problemAt(source, edge, RULE, `imports '${edge.specifier}', which sees the machine`));
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') || BUILTINS.has(specifier);
}

function impureSyntax(source: Source): Problem[] {
  const problems: Problem[] = [];
  const generators = idGenerators(source);
  walk(source.program, (node, ancestors) => {
    const reason = impurityOf(node, ancestors, generators) ?? waiting(source, node);
    if (reason !== undefined) problems.push(problemAt(source, node, RULE, reason));
  });
  return problems;
}

function impurityOf(node: Node, ancestors: readonly Node[], generators: ReadonlySet<string>): string | undefined {
  if (node.type === 'NewExpression' || node.type === 'CallExpression') {
    const callee = dottedName(node.callee);
    if (callee === 'Date' && (node.type === 'CallExpression' || node.arguments.length === 0))
      return 'reads the clock: Date';
    if (callee !== undefined && generators.has(callee) && node.arguments.length === 0)
      return `${callee}() draws a random id`;
  }
  const name = isReference(node, ancestors.at(-1)) ? dottedName(node)?.replace(/^globalThis\./u, '') : undefined;
  if (name === undefined || !IMPURE_NAMES.some((pattern) => pattern.test(name))) return undefined;
  return `'${name}' sees the machine; take it as an argument`;
}

/** Only a whole dotted name, and only where it is read: not a property key, not the name of an argument or a type. */
function isReference(node: Node, parent: Node | undefined): boolean {
  if (node.type === 'MemberExpression') return parent?.type !== 'MemberExpression' || parent.object !== node;
  if (node.type !== 'Identifier' || parent === undefined) return false;
  if (parent.type === 'MemberExpression') return false;
  if (parent.type === 'Property') return parent.value === node;
  return EXPRESSION_PARENTS.has(parent.type) || (parent.type === 'VariableDeclarator' && parent.init === node);
}

const EXPRESSION_PARENTS = new Set([
  'CallExpression',
  'NewExpression',
  'ImportSpecifier',
  'ArrayExpression',
  'AssignmentExpression',
  'AwaitExpression',
  'BinaryExpression',
  'ConditionalExpression',
  'LogicalExpression',
  'ReturnStatement',
  'SpreadElement',
  'UnaryExpression',
  'TemplateLiteral',
]);

/** Local names of `v1`, `v4`, `v6`, `v7` from the uuid package: pure with options, random without. */
function idGenerators(source: Source): ReadonlySet<string> {
  const names = source.program.body
    .filter((statement) => statement.type === 'ImportDeclaration')
    .filter((statement) => statement.source.value === 'uuid')
    .flatMap((statement) => statement.specifiers)
    .map((specifier) => specifier.local.name);
  return new Set(names);
}

function waiting(source: Source, node: Node): string | undefined {
  const waits = node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && node.await);
  return waits && source.path.startsWith(SYNCHRONOUS) ? 'the machine never waits' : undefined;
}
