// No `await` outside a port call in packages/core/src/runtime, so that a simulation can crash before and after each.
//
// The operand of every `await` (and the right side of every `for await`) is one of:
//   1. a call on a port: some name before the called one is in PORTS (`this.#ports.store.append(...)`, `clock.sleep(...)`);
//   2. a call of a function of this folder: declared in the file, imported from the folder, or a method of `this`. All
//      of these stand under this same rule, so that they too wait for ports only;
//   3. a call on an object of this folder: its name is the class's or type's name in camel case (`this.#scheduler.drain()`
//      where `Scheduler` comes from the folder);
//   4. Promise.all, allSettled, any or race over an array of these, or over `list.map(...)` of these.
// Anything else needs `// not-a-port: <why, in at least five words>` on the line above or at the end of the line.
import { join, normalize } from 'node:path/posix';
import type { Node } from 'oxc-parser';
import { type Problem, type Source, dottedName, isTest, lineOf, problemAt, walk } from '../source.ts';

const RULE = 'port-awaits';

const RUNTIME = 'packages/core/src/runtime/';

/** The ports that the runtime is given (packages/core states them), and the bag that holds them. */
const PORTS: ReadonlySet<string> = new Set([
  'ports',
  'store',
  'journal',
  'projection',
  'gate',
  'invoker',
  'clock',
  'inbox',
  'blobs',
  'signer',
]);

const COMBINATORS = new Set(['Promise.all', 'Promise.allSettled', 'Promise.any', 'Promise.race']);

interface Folder {
  readonly functions: ReadonlySet<string>;
  readonly objects: ReadonlySet<string>;
}

export function checkPortAwaits(sources: readonly Source[]): Problem[] {
  return sources.filter(({ path }) => path.startsWith(RUNTIME) && !isTest(path)).flatMap(checkSource);
}

function checkSource(source: Source): Problem[] {
  const folder = folderNames(source);
  const explained = explainedLines(source);
  const problems: Problem[] = [];
  walk(source.program, (node) => {
    const operand = operandOf(node);
    if (operand === undefined || waitsForPort(operand, folder) || explained.has(lineOf(source, node.start))) return;
    problems.push(problemAt(source, node, RULE, `'${excerpt(source, operand)}' is not a port call`));
  });
  return problems;
}

function operandOf(node: Node): Node | undefined {
  if (node.type === 'AwaitExpression') return node.argument;
  if (node.type === 'ForOfStatement' && node.await) return node.right;
  return undefined;
}

function waitsForPort(operand: Node, folder: Folder): boolean {
  if (operand.type === 'ChainExpression') return waitsForPort(operand.expression, folder);
  if (operand.type === 'ConditionalExpression') {
    return waitsForPort(operand.consequent, folder) && waitsForPort(operand.alternate, folder);
  }
  if (operand.type !== 'CallExpression') return false;
  const name = dottedName(operand.callee);
  if (name === undefined) return false;
  if (COMBINATORS.has(name)) return operand.arguments.every((list) => eachWaitsForPort(list, folder));
  return isPortCall(name) || isFolderCall(name, folder);
}

function isPortCall(name: string): boolean {
  return name
    .split('.')
    .slice(0, -1)
    .some((part) => PORTS.has(part.replace('#', '')));
}

function isFolderCall(name: string, { functions, objects }: Folder): boolean {
  const parts = name.split('.').map((part) => part.replace('#', ''));
  if (parts.length === 1) return functions.has(name);
  if (parts.length === 2 && parts[0] === 'this') return true;
  return objects.has(parts.at(-2) ?? '');
}

function eachWaitsForPort(list: Node, folder: Folder): boolean {
  if (list.type === 'ArrayExpression') {
    return list.elements.every((element) => element !== null && elementWaits(element, folder));
  }
  if (list.type !== 'CallExpression' || list.callee.type !== 'MemberExpression') return false;
  const [mapper] = list.arguments;
  const isMap = list.callee.property.type === 'Identifier' && list.callee.property.name === 'map';
  return isMap && mapper !== undefined && mapperWaits(mapper, folder);
}

function elementWaits(element: Node, folder: Folder): boolean {
  return element.type === 'SpreadElement' ? eachWaitsForPort(element.argument, folder) : waitsForPort(element, folder);
}

function mapperWaits(mapper: Node, folder: Folder): boolean {
  if (mapper.type !== 'ArrowFunctionExpression') return false;
  // The awaits inside an async mapper are judged where they stand.
  return mapper.async || (mapper.body.type !== 'BlockStatement' && waitsForPort(mapper.body, folder));
}

function folderNames(source: Source): Folder {
  const functions = new Set<string>();
  const objects = new Set<string>();
  const add = (name: string): void => {
    functions.add(name);
    objects.add(name.charAt(0).toLowerCase() + name.slice(1));
  };
  for (const statement of source.program.body) for (const name of namesOf(source, statement)) add(name);
  return { functions, objects };
}

function namesOf(source: Source, statement: Node): string[] {
  if (statement.type === 'ImportDeclaration') {
    const target = normalize(join(source.path, '..', statement.source.value));
    const isOurs = statement.source.value.startsWith('.') && target.startsWith(RUNTIME);
    return isOurs ? statement.specifiers.map((specifier) => specifier.local.name) : [];
  }
  if (statement.type === 'ExportNamedDeclaration') {
    return statement.declaration === null ? [] : namesOf(source, statement.declaration);
  }
  if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') {
    return statement.id === null ? [] : [statement.id.name];
  }
  if (statement.type !== 'VariableDeclaration') return [];
  return statement.declarations
    .filter(({ init }) => init?.type === 'ArrowFunctionExpression' || init?.type === 'FunctionExpression')
    .flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : []));
}

function explainedLines(source: Source): ReadonlySet<number> {
  const notes = source.comments.filter(({ value }) => /^\s*not-a-port:(\s+\S+){5,}/u.test(value));
  return new Set(notes.flatMap(({ start }) => [lineOf(source, start), lineOf(source, start) + 1]));
}

function excerpt(source: Source, node: Node): string {
  return source.text.slice(node.start, node.end).replaceAll(/\s+/gu, ' ').slice(0, 60);
}
