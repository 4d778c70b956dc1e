import { readFile } from 'node:fs/promises';
import { parseWorkflow } from '@vltair/core';
import { VltairError, type Workflow } from '@vltair/protocol';
import { LineCounter, parseDocument } from 'yaml';

/** Largest workflow file, in bytes. */
const MAX_BYTES = 1_048_576;

/**
 * Reads a workflow from YAML or JSON (which is YAML); with `hasAgent`, one whose agents all exist.
 *
 * @throws VltairError naming file, line and column where they are known.
 */
export async function readWorkflowFile(path: string, hasAgent?: (agent: string) => boolean): Promise<Workflow> {
  const text = await readText(path);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, strict: true });
  const problem = document.errors[0];
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    const detail = problem.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? '';
    throw new VltairError('invalid_argument/yaml', { detail, where: `${path}:${line}:${col}` });
  }
  try {
    const workflow = parseWorkflow(valueOf(document));
    if (hasAgent !== undefined) refuseUnknownAgents(workflow, hasAgent);
    return workflow;
  } catch (error) {
    if (!(error instanceof VltairError)) throw error;
    const where = placeOf(document, lines, error.where);
    throw new VltairError(error.reason, { ...detailOf(error), where: `${path}${where}`, cause: error });
  }
}

/** @throws VltairError for an alias without an anchor, for aliases that multiply, and for one that holds itself. */
function valueOf(document: ReturnType<typeof parseDocument>): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    JSON.stringify(value);
    return value;
  } catch (cause) {
    const detail = cause instanceof ReferenceError ? cause.message : 'an alias holds itself';
    throw new VltairError('invalid_argument/yaml', { detail, cause });
  }
}

function refuseUnknownAgents({ nodes }: Workflow, hasAgent: (agent: string) => boolean): void {
  const index = nodes.findIndex(({ agent }) => !hasAgent(agent));
  const node = nodes[index];
  if (node === undefined) return;
  throw new VltairError('invalid_argument/unknown_agent', { detail: node.agent, where: `nodes.${index}.agent` });
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

/** The catalogue's sentence is made anew around the same detail. */
function detailOf(error: VltairError): { readonly detail?: string } {
  const prefix = `${error.entry.summary.replace(/\.$/, '')}: `;
  return error.message.startsWith(prefix) ? { detail: error.message.slice(prefix.length) } : {};
}

/** `:line:column` of a field path such as `nodes.2.agent` or `nodes.scan.needs`; empty when it cannot be told. */
function placeOf(document: ReturnType<typeof parseDocument>, lines: LineCounter, field: string | undefined): string {
  if (field === undefined) return '';
  const path: (string | number)[] = field.split('.').map((key) => (/^\d+$/.test(key) ? Number(key) : key));
  if (path[0] === 'nodes' && typeof path[1] === 'string') path[1] = indexOfNode(document, path[1]);
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    const offset = rangeStart(node);
    if (offset !== undefined) {
      const { line, col } = lines.linePos(offset);
      return `:${line}:${col}`;
    }
  }
  return '';
}

function indexOfNode(document: ReturnType<typeof parseDocument>, id: string): number {
  for (let index = 0; document.hasIn(['nodes', index]); index += 1) {
    if (document.getIn(['nodes', index, 'id']) === id) return index;
  }
  return -1;
}

function rangeStart(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return undefined;
  const [start] = node.range as readonly unknown[];
  return typeof start === 'number' ? start : undefined;
}
