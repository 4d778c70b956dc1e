import { evaluateCondition, parseExpression, VltairError, type Json, type JsonObject } from '@vltair/protocol';
import { isOn } from './behaviour-flags.ts';
import { baseOf } from './definition.ts';
import { findNode, nodeOf, type NodeState, type RunState } from './run-state.ts';

const TEMPLATE = /\{\{\s*([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)\s*\}\}/g;

/**
 * Fills the templates of what the node at `path` takes: `{{input.path}}` is the run's input, `{{node.output.path}}`,
 * `{{node.artifacts.kind}}` and `{{node.signal}}` are what the last visit of a node gave, `{{node.failure.message}}` why
 * it failed, `{{node.tasks.0.output.path}}` what the tasks that it proposed gave, `{{item}}` and `{{index}}` what a mapped
 * child is for, `{{run.id}}` the run. A value that is one template keeps its type; a template inside of other text
 * becomes text. Own members of plain data alone are reached.
 *
 * @throws VltairError `invalid_argument/template` for a reference to something that is not there.
 */
export function fillTemplates(value: Json, state: RunState, path?: string): Json {
  if (typeof value === 'string') return fillText(value, state, path);
  if (Array.isArray(value)) return value.map((item: Json) => fillTemplates(item, state, path));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, fillTemplates(member, state, path)]));
}

/** The same for a text, which stays one. */
export function fillWords(text: string, state: RunState, path?: string): string {
  return asText(fillText(text, state, path));
}

/** Whether the condition holds where the node at `path` stands. @throws VltairError `invalid_argument/expression` */
export function holds(condition: string, state: RunState, path: string): boolean {
  const { references } = parseExpression(condition);
  const known = references.map((name) => [name, sourceOf(name, state, path)] as const);
  const values = Object.fromEntries(known.filter((entry): entry is [string, Json] => entry[1] !== undefined));
  return evaluateCondition(condition, values);
}

/** References of all templates in a value, e.g. `scan.output.total`. */
export function referencesIn(value: Json): readonly string[] {
  if (typeof value === 'string') return [...value.matchAll(TEMPLATE)].map((match) => match[1] ?? '');
  if (Array.isArray(value)) return value.flatMap((item: Json) => referencesIn(item));
  if (value === null || typeof value !== 'object') return [];
  return Object.values(value).flatMap((member) => referencesIn(member));
}

function fillText(text: string, state: RunState, path: string | undefined): Json {
  const whole = new RegExp(`^${TEMPLATE.source}$`).exec(text)?.[1];
  if (whole !== undefined) return lookUp(whole, state, path);
  return text.replace(TEMPLATE, (_, reference: string) => asText(lookUp(reference, state, path)));
}

function lookUp(reference: string, state: RunState, path: string | undefined): Json {
  const [source = '', ...keys] = reference.split('.');
  let value = sourceOf(source, state, path);
  for (const key of keys) value = memberOf(value, key);
  if (value === undefined) throw new VltairError('invalid_argument/template', { detail: `{{${reference}}}` });
  return value;
}

/** What the first name of a reference stands for. */
function sourceOf(name: string, state: RunState, path: string | undefined): Json | undefined {
  switch (name) {
    case 'input':
      return state.input;
    case 'run':
      return { id: state.run, traceId: state.traceId, title: state.title, ...endingIn(state) };
    case 'item':
      return itemOf(state, path)?.item;
    case 'index':
      return itemOf(state, path)?.index;
    case 'nodes':
      return Object.fromEntries(
        state.workflow.nodes.flatMap(({ id }) => {
          const value = valueOfNode(id, state, path);
          return value === undefined ? [] : [[id, value]];
        }),
      );
    default:
      return valueOfNode(name, state, path);
  }
}

/** For `finally` nodes: how the run ends. */
function endingIn({ ending }: RunState): JsonObject {
  return ending === undefined ? {} : { ending: ending.kind };
}

/** The item of the mapped child at `path`, or of the one that it undoes. */
function itemOf(
  state: RunState,
  path: string | undefined,
): { readonly item: Json; readonly index?: number } | undefined {
  const origin = path === undefined ? undefined : findNode(state, path)?.origin;
  if (origin?.kind === 'item') return origin;
  if (origin?.kind !== 'undo' || origin.item === undefined) return undefined;
  const index = /\[(\d+)\]$/.exec(origin.of)?.[1];
  const isKnown = index !== undefined && isOn(state, 'undoKnowsTheIndex');
  return { item: origin.item, ...(isKnown ? { index: Number(index) } : {}) };
}

/** What a node has given. A compensation sees what the visit gave that it undoes. */
function valueOfNode(id: string, state: RunState, path: string | undefined): JsonObject | undefined {
  const origin = path === undefined ? undefined : findNode(state, path)?.origin;
  const node = findNode(state, id);
  const isUndone = origin?.kind === 'undo' && baseOf(origin.of) === id;
  const result = isUndone ? origin.undone : node?.result;
  if (node === undefined || (result === undefined && node.failure === undefined)) return undefined;
  return { ...givenBy(result), ...failureIn(node), ...tasksOf(state, node) };
}

/** What a result means to those that refer to it. */
function givenBy(result: NodeState['result']): JsonObject {
  if (result === undefined) return {};
  const artifacts = Object.fromEntries(
    result.artifacts.map((artifact) => [artifact.kind, artifact as unknown as Json]),
  );
  return { signal: result.signal, output: result.output, artifacts };
}

function failureIn({ failure }: NodeState): JsonObject {
  if (failure === undefined) return {};
  const { code, reason, message } = failure;
  return { failure: { code, reason, message } };
}

function tasksOf(state: RunState, { children }: NodeState): JsonObject {
  const tasks = children.map((child) => nodeOf(state, child)).filter(({ origin }) => origin?.kind === 'task');
  return tasks.length === 0 ? {} : { tasks: tasks.map(({ result }) => givenBy(result)) };
}

function memberOf(value: Json | undefined, key: string): Json | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  return Object.hasOwn(value, key) ? (value as JsonObject)[key] : undefined;
}

function asText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
