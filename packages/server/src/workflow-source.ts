import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { failure, VltairError } from '@vltair/protocol';
import type { WorkflowProblem } from '@vltair/core';
import { isMap, isPair, isScalar, LineCounter, parseDocument, type Document, type YAMLError } from 'yaml';

/** Largest workflow file, in bytes. */
const MAX_BYTES = 1_048_576;
const MODULES: ReadonlySet<string> = new Set(['.ts', '.mts', '.js', '.mjs']);

/** What stands in a workflow file, before it is checked. */
export interface WorkflowSource {
  readonly value: unknown;
  /** What is wrong with the text itself, with its place. */
  readonly problems: readonly PlacedProblem[];
  /** Where the member of a path begins, or its name; `undefined` when it cannot be told. */
  placeOf(path: string, about?: 'name'): Position | undefined;
}

interface Position {
  readonly line: number;
  readonly column: number;
}

export interface PlacedProblem extends WorkflowProblem, Partial<Position> {}

/**
 * Reads YAML, JSON (which is YAML), or a module whose default export, or export `workflow`, is the workflow. A module is
 * run with the rights of this process.
 *
 * @throws VltairError `not_found/file`, `payload_too_large/envelope`, `invalid_argument/yaml`, `invalid_argument/module`
 */
export async function readWorkflowSource(path: string): Promise<WorkflowSource> {
  if (MODULES.has(extname(path))) return await readModule(path);
  return parseText(path, await readText(path));
}

// --- modules

async function readModule(path: string): Promise<WorkflowSource> {
  await readText(path);
  const value = exportedBy(await importModule(path), path);
  return { value, problems: [], placeOf: () => undefined };
}

async function importModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(resolve(path)).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new VltairError('invalid_argument/module', { detail, where: path, cause: error });
  }
}

function exportedBy(exported: Readonly<Record<string, unknown>>, path: string): unknown {
  const value = exported['workflow'] ?? exported['default'];
  if (value !== undefined) return value;
  throw new VltairError('invalid_argument/module', {
    detail: 'it exports neither workflow nor a default',
    where: path,
  });
}

// --- YAML

function parseText(path: string, text: string): WorkflowSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, strict: true });
  const problems = document.errors.map((error) => syntaxProblem(error, lines));
  const isReadable = document.errors.every(({ code }) => code === 'DUPLICATE_KEY');
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  return {
    value: isReadable ? valueOf(document, path) : undefined,
    problems,
    placeOf: (field, about) => position(offsetOf(document, field, about)),
  };
}

function syntaxProblem(error: YAMLError, lines: LineCounter): PlacedProblem {
  const { line, col } = lines.linePos(error.pos[0]);
  const words = error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? '';
  const { reason, message } = failure('invalid_argument/yaml', { detail: words });
  return { severity: 'error', reason, message, path: '', line, column: col };
}

/** @throws VltairError for an alias without an anchor, for aliases that multiply, and for one that holds itself. */
function valueOf(document: Document, path: string): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    JSON.stringify(value);
    return value;
  } catch (cause) {
    const detail = cause instanceof ReferenceError ? cause.message : 'an alias holds itself';
    throw new VltairError('invalid_argument/yaml', { detail, where: path, cause });
  }
}

/** Of the longest beginning of the path that is there: what is missing is told of at its holder, in the end at the whole. */
function offsetOf(document: Document, field: string, about: 'name' | undefined): number {
  const path = field.split('.').map((key) => (/^\d+$/.test(key) ? Number(key) : key));
  if (about === 'name') {
    const holder: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
    const key = isMap(holder)
      ? holder.items.find((pair) => isPair(pair) && keyOf(pair.key) === path.at(-1))?.key
      : undefined;
    const offset = rangeStart(key);
    if (offset !== undefined) return offset;
  }
  for (let length = path.length; length > 0; length -= 1) {
    const offset = rangeStart(document.getIn(path.slice(0, length), true));
    if (offset !== undefined) return offset;
  }
  return rangeStart(document.contents) ?? 0;
}

function keyOf(key: unknown): unknown {
  return isScalar(key) ? key.value : key;
}

function rangeStart(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return undefined;
  const [start] = node.range as readonly unknown[];
  return typeof start === 'number' ? start : undefined;
}

async function readText(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > MAX_BYTES)
      throw new VltairError('payload_too_large/envelope', { detail: `over ${MAX_BYTES} bytes`, where: path });
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof VltairError) throw error;
    if (error instanceof TypeError)
      throw new VltairError('invalid_argument/yaml', { detail: 'not UTF-8', where: path, cause: error });
    throw new VltairError('not_found/file', { detail: path, cause: error });
  }
}
