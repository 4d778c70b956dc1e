import { VltairError, type Json, type JsonObject } from '@vltair/protocol';
import type { RunState } from './run-state.ts';

const TEMPLATE = /\{\{\s*([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)\s*\}\}/g;

/**
 * Fills the templates of a node's input: `{{input.path}}` is the run's input, `{{node.output.path}}` and
 * `{{node.artifacts.kind}}` are what the last visit of a node gave. A value that is one template keeps its type; a
 * template inside of other text becomes text.
 *
 * @throws VltairError `invalid_argument/template` for a reference to something that is not there.
 */
export function fillTemplates(value: Json, state: RunState): Json {
  if (typeof value === 'string') return fillText(value, state);
  if (Array.isArray(value)) return value.map((item: Json) => fillTemplates(item, state));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, fillTemplates(member, state)]));
}

function fillText(text: string, state: RunState): Json {
  const whole = new RegExp(`^${TEMPLATE.source}$`).exec(text)?.[1];
  if (whole !== undefined) return lookUp(whole, state);
  return text.replace(TEMPLATE, (_, reference: string) => asText(lookUp(reference, state)));
}

function lookUp(reference: string, state: RunState): Json {
  const [source = '', ...path] = reference.split('.');
  let value: Json | undefined = source === 'input' ? state.input : outputOf(source, state);
  for (const key of path) value = memberOf(value, key);
  if (value === undefined) throw new VltairError('invalid_argument/template', { detail: `{{${reference}}}` });
  return value;
}

function outputOf(id: string, state: RunState): JsonObject | undefined {
  const result = Object.hasOwn(state.nodes, id) ? state.nodes[id]?.result : undefined;
  if (result === undefined) return undefined;
  const artifacts = Object.fromEntries(
    result.artifacts.map((artifact) => [artifact.kind, artifact as unknown as Json]),
  );
  return { signal: result.signal, output: result.output, artifacts };
}

function memberOf(value: Json | undefined, key: string): Json | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  return Object.hasOwn(value, key) ? (value as JsonObject)[key] : undefined;
}

function asText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
