// Imports point one way. This rule re-derives that from the sources; dependency-cruiser holds the same rule with its own
// resolver, so that neither tool's blind spot opens a hole.
import { join, normalize } from 'node:path/posix';
import type { Node } from 'oxc-parser';
import { type Problem, type Source, dottedName, isTest, problemAt, walk } from '../source.ts';

const RULE = 'boundaries';
const SCOPE = '@vltair/';

/** What each package may import, by package name; a package that is not listed here does not exist. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  core: ['protocol'],
  governance: ['protocol'],
  context: ['protocol'],
  sandbox: ['protocol'],
  agents: ['protocol', 'core', 'context', 'sandbox'],
  server: ['protocol', 'core', 'governance', 'context', 'sandbox', 'agents'],
  cli: ['protocol', 'server'],
  ui: ['protocol'],
};

/** The one file outside its package that a package's test may import: it ties a test to the claims it proves. */
const TESTS_MAY_IMPORT = 'e2e/verifies.ts';

export interface Edge {
  readonly specifier: string;
  readonly start: number;
}

export function checkBoundaries(sources: readonly Source[]): Problem[] {
  return sources.filter(isPackaged).flatMap((source) => importsOf(source).flatMap((edge) => judge(source, edge)));
}

/** Every module that a source names: static, re-exported, dynamic, type-only, required, or started as a worker. */
export function importsOf(source: Source): Edge[] {
  const edges: Edge[] = [];
  walk(source.program, (node) => {
    const literal = moduleOf(node);
    if (literal !== undefined) edges.push({ specifier: literal, start: node.start });
  });
  return edges;
}

function isPackaged(source: Source): boolean {
  return source.path.startsWith('packages/');
}

function judge(source: Source, edge: Edge): Problem[] {
  const message = edge.specifier.startsWith('.') ? judgeRelative(source, edge) : judgePackage(source, edge);
  return message === undefined ? [] : [problemAt(source, edge, RULE, message)];
}

function judgeRelative(source: Source, { specifier }: Edge): string | undefined {
  const target = normalize(join(source.path, '..', specifier));
  const home = `packages/${packageOf(source)}/`;
  if (target.startsWith(home)) return undefined;
  if (isTest(source.path) && target === TESTS_MAY_IMPORT) return undefined;
  return `'${specifier}' leaves ${home}; import another package by its name`;
}

function judgePackage(source: Source, { specifier }: Edge): string | undefined {
  if (!specifier.startsWith(SCOPE)) return undefined;
  const [target = '', ...inside] = specifier.slice(SCOPE.length).split('/');
  const home = packageOf(source);
  const allowed = MAY_IMPORT[home];
  if (allowed === undefined) return `package '${home}' is missing from MAY_IMPORT`;
  if (inside.length > 0) return `'${specifier}' reaches inside ${target}; import '${SCOPE}${target}'`;
  return allowed.includes(target) ? undefined : `${home} may not import ${target}`;
}

function packageOf(source: Source): string {
  return source.path.split('/')[1] ?? '';
}

function moduleOf(node: Node): string | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return textOf(node.source);
    case 'ExportNamedDeclaration':
      return node.source === null ? undefined : textOf(node.source);
    case 'CallExpression':
      return dottedName(node.callee) === 'require' ? textOf(node.arguments[0]) : undefined;
    case 'NewExpression':
      return dottedName(node.callee) === 'URL' ? moduleUrl(textOf(node.arguments[0])) : undefined;
    default:
      return undefined;
  }
}

function moduleUrl(text: string | undefined): string | undefined {
  return text !== undefined && /^\..*\.[cm]?[jt]s$/u.test(text) ? text : undefined;
}

function textOf(node: Node | undefined): string | undefined {
  return node?.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined;
}
