// The repository's own sources, parsed once and handed to every house rule. Rules read syntax trees, never raw text,
// wherever the answer depends on syntax.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Comment, type Node, type Program, parseSync, visitorKeys } from 'oxc-parser';

export interface Source {
  /** Relative to the repository root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly program: Program;
  readonly comments: readonly Comment[];
}

export interface Problem {
  readonly rule: string;
  readonly path: string;
  /** 1-based; 0 when the problem is the file itself. */
  readonly line: number;
  readonly message: string;
}

const SKIPPED_DIRECTORIES = new Set(['node_modules', '.git', 'coverage', '.vltair', 'dist', '__pycache__']);
const FOREIGN_TREES = new Set(['examples/repos', 'bench/peers']);

/** Every file of the repository that is written here: no dependencies, no output, no example repositories. */
export function listFiles(root: string, folder = root): string[] {
  const files: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isFile()) files.push(toRepositoryPath(root, path));
    else if (entry.isDirectory() && isOurs(root, path, entry.name)) files.push(...listFiles(root, path));
  }
  return files.toSorted();
}

/** Parses every TypeScript and JavaScript file that `listFiles` finds. */
export function readSources(root: string): Source[] {
  return listFiles(root)
    .filter((path) => /\.[cm]?[jt]sx?$/u.test(path))
    .map((path) => parseSource(path, readFileSync(join(root, path), 'utf8')));
}

/** Throws when the text is not valid in its language, because a rule that cannot read a file must not pass it. */
export function parseSource(path: string, text: string): Source {
  const sourceType = path.endsWith('.cjs') ? 'commonjs' : 'module';
  const { program, comments, errors } = parseSync(path, text, { preserveParens: false, sourceType });
  const [first] = errors;
  if (first !== undefined) throw new Error(`${path}: ${first.message}`);
  return { path, text, program, comments };
}

export function isTest(path: string): boolean {
  return /\.test\.[cm]?[jt]sx?$|(^|\/)test\//u.test(path);
}

/** Calls `visit` for every node, parents first; `ancestors` ends with the parent. */
export function walk(root: Node, visit: (node: Node, ancestors: readonly Node[]) => void): void {
  walkBelow(root, [], visit);
}

/** `this.#ports.store` for a chain of plain member accesses; undefined where a call or an index interrupts it. */
export function dottedName(node: Node): string | undefined {
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'ThisExpression') return 'this';
  if (node.type === 'ChainExpression' || node.type === 'TSNonNullExpression') return dottedName(node.expression);
  if (node.type !== 'MemberExpression') return undefined;
  const object = dottedName(node.object);
  const property = propertyName(node);
  return object === undefined || property === undefined ? undefined : `${object}.${property}`;
}

export function lineOf(source: Source, offset: number): number {
  return source.text.slice(0, offset).split('\n').length;
}

export function problemAt(source: Source, node: { start: number }, rule: string, message: string): Problem {
  return { rule, path: source.path, line: lineOf(source, node.start), message };
}

export function describeProblem(problem: Problem): string {
  const place = problem.line === 0 ? problem.path : `${problem.path}:${String(problem.line)}`;
  return `${place}  ${problem.rule}: ${problem.message}`;
}

function toRepositoryPath(root: string, path: string): string {
  return relative(root, path).replaceAll('\\', '/');
}

function isOurs(root: string, path: string, name: string): boolean {
  return !SKIPPED_DIRECTORIES.has(name) && !FOREIGN_TREES.has(toRepositoryPath(root, path));
}

function walkBelow(node: Node, ancestors: readonly Node[], visit: (node: Node, above: readonly Node[]) => void): void {
  visit(node, ancestors);
  const below = [...ancestors, node];
  for (const child of childrenOf(node)) walkBelow(child, below, visit);
}

function childrenOf(node: Node): Node[] {
  const fields = node as unknown as Readonly<Record<string, unknown>>;
  return (visitorKeys[node.type] ?? []).flatMap((key) => fields[key]).filter(isNode);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

function propertyName(node: Node & { type: 'MemberExpression' }): string | undefined {
  const { property } = node;
  if (property.type === 'PrivateIdentifier') return `#${property.name}`;
  if (!node.computed) return property.type === 'Identifier' ? property.name : undefined;
  return property.type === 'Literal' && typeof property.value === 'string' ? property.value : undefined;
}
