// No `await` outside a port call in packages/core/src/runtime, so that a simulation can crash before and after each.
//
// The operand of every `await` (and the right side of every `for await`) is one of:
//   1. a call on a port: some name before the called one is in PORTS (`this.#ports.store.append(...)`, `clock.sleep(...)`);
//   2. a call of a function of this folder: declared in the file, imported from the folder, or a method of `this`. All
//      of these stand under this same rule, so that they too wait for ports only;
//   3. a call on an object of this folder: a name that is declared with a class or type of the folder
//      (`readonly #log: RunLog`), made by `new` of one, given by a function of the file that returns one, or that is the
//      type's own name in camel case;
//   4. one of these with `.catch(...)`, `.then(...)` or `.finally(...)` behind it, or a `const` that holds one;
//   5. Promise.all, allSettled, any or race over an array of these, or over `list.map(...)` of these.
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
  'eventStore',
  'journal',
  'projection',
  'gate',
  'effectGate',
  'invoker',
  'clock',
  'inbox',
  'blobs',
  'signer',
  'workspace',
]);

const COMBINATORS = new Set(['Promise.all', 'Promise.allSettled', 'Promise.any', 'Promise.race']);

const CONTINUATIONS = new Set(['catch', 'then', 'finally']);

/** What a file knows of its folder: names that it may call, names that it may call something on, calls kept for later. */
interface Folder {
  readonly functions: ReadonlySet<string>;
  readonly objects: ReadonlySet<string>;
  readonly started: ReadonlyMap<string, Node>;
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
  if (operand.type === 'Identifier') return isStarted(operand.name, folder);
  if (operand.type !== 'CallExpression') return false;
  const before = continuedOperand(operand.callee);
  if (before !== undefined) return waitsForPort(before, folder);
  const name = dottedName(operand.callee);
  if (name === undefined) return false;
  if (COMBINATORS.has(name)) return operand.arguments.every((list) => eachWaitsForPort(list, folder));
  return isPortCall(name) || isFolderCall(name, folder);
}

function isStarted(name: string, folder: Folder): boolean {
  const call = folder.started.get(name);
  return call !== undefined && call.type !== 'Identifier' && waitsForPort(call, folder);
}

/** `x.append()` of `x.append().catch(...)`. */
function continuedOperand(callee: Node): Node | undefined {
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return undefined;
  const isContinued = CONTINUATIONS.has(callee.property.name) && callee.object.type === 'CallExpression';
  return isContinued ? callee.object : undefined;
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
  const functions = new Set(source.program.body.flatMap((statement) => namesOf(source, statement)));
  const types = new Set([...functions, ...typeNamesOf(source)]);
  const objects = new Set([...types].map((name) => name.charAt(0).toLowerCase() + name.slice(1)));
  const started = new Map<string, Node>();
  const makers = makersOf(source, types);
  walk(source.program, (node) => {
    const declared = declaredName(node);
    if (declared === undefined) return;
    if (isOfType(declared.annotation, types) || isMade(declared.value, types, makers)) objects.add(declared.name);
    if (node.type === 'VariableDeclarator' && declared.value !== undefined) started.set(declared.name, declared.value);
  });
  return { functions, objects, started };
}

function typeNamesOf(source: Source): string[] {
  return source.program.body
    .map((statement) => (statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement))
    .flatMap((item) =>
      item?.type === 'TSInterfaceDeclaration' || item?.type === 'TSTypeAliasDeclaration' ? [item.id.name] : [],
    );
}

interface Declared {
  readonly name: string;
  readonly annotation: Node | undefined;
  readonly value: Node | undefined;
}

/** A variable, a parameter or a field: its name, its type where it states one, what it begins with. */
function declaredName(node: Node): Declared | undefined {
  if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier') {
    return { name: node.id.name, annotation: node.id.typeAnnotation ?? undefined, value: node.init ?? undefined };
  }
  if (node.type === 'PropertyDefinition' && (node.key.type === 'PrivateIdentifier' || node.key.type === 'Identifier')) {
    return { name: node.key.name, annotation: node.typeAnnotation ?? undefined, value: node.value ?? undefined };
  }
  if (node.type !== 'Identifier' || node.typeAnnotation === null || node.typeAnnotation === undefined) return undefined;
  return { name: node.name, annotation: node.typeAnnotation, value: undefined };
}

function isOfType(annotation: Node | undefined, types: ReadonlySet<string>): boolean {
  if (annotation?.type === 'TSTypeAnnotation') return isOfType(annotation.typeAnnotation, types);
  if (annotation?.type === 'TSUnionType') return annotation.types.some((member) => isOfType(member, types));
  if (annotation?.type !== 'TSTypeReference' || annotation.typeName.type !== 'Identifier') return false;
  return types.has(annotation.typeName.name);
}

function isMade(value: Node | undefined, types: ReadonlySet<string>, makers: ReadonlySet<string>): boolean {
  if (value?.type === 'AwaitExpression') return isMade(value.argument, types, makers);
  if (value?.type === 'LogicalExpression')
    return isMade(value.left, types, makers) || isMade(value.right, types, makers);
  if (value?.type === 'NewExpression') return types.has(dottedName(value.callee) ?? '');
  return value?.type === 'CallExpression' && makers.has(lastName(dottedName(value.callee)));
}

/** Functions and methods of the file whose stated result is an object of the folder. */
function makersOf(source: Source, types: ReadonlySet<string>): ReadonlySet<string> {
  const makers = new Set<string>();
  walk(source.program, (node) => {
    if (node.type === 'FunctionDeclaration' && isOfType(node.returnType ?? undefined, types))
      makers.add(node.id?.name ?? '');
    if (node.type !== 'MethodDefinition' || !isOfType(node.value.returnType ?? undefined, types)) return;
    if (node.key.type === 'PrivateIdentifier' || node.key.type === 'Identifier') makers.add(node.key.name);
  });
  return makers;
}

function lastName(name = ''): string {
  return (name.split('.').at(-1) ?? '').replace('#', '');
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
