import type { Json, JsonObject, WorkflowNode } from '@vltair/protocol';
import { referencesIn } from '../machine/template.ts';
import { placesOf, type Flow } from './flow.ts';
import { actionOf, inputSchema, valueSchema } from './given-values.ts';
import { alternativesOf, areCompatible, isObject, memberOf, typeOf, typesOf } from './json-shape.ts';
import { nearestName } from './nearest-name.ts';
import { typeWords } from './type-words.ts';
import { at, problem, type WorkflowProblem } from './workflow-problem.ts';

/** Where a value stands that an agent, or a child run, is given. */
interface Slot {
  readonly flow: Flow;
  readonly reason: 'invalid_argument/agent_input' | 'invalid_argument/workflow_input';
  /** `input of debug` */
  readonly of: string;
  /** The schema that local references start from. */
  readonly root: JsonObject;
  readonly path: string;
  /** Of the value within the input. */
  readonly field: string;
}

/** What agents and child runs are given that they cannot take, as far as it can be told without a run. */
export function checkInputs(flow: Flow): readonly WorkflowProblem[] {
  return placesOf(flow).flatMap(({ node, path }) => {
    const undo = node.compensate;
    return [
      ...(node.agent === undefined ? [] : checkInput(flow, node.agent, node, path)),
      ...checkChild(flow, node, path),
      ...(undo === undefined ? [] : checkInput(flow, undo.agent, undo, at(path, 'compensate'))),
      ...checkMapped(flow, node.map?.over, path),
    ];
  });
}

function checkInput(
  flow: Flow,
  agent: string,
  { action, input }: { readonly action: string; readonly input: JsonObject },
  path: string,
): readonly WorkflowProblem[] {
  const schema = actionOf(flow, { agent, action })?.input;
  if (schema === undefined) return [];
  const slot = slotOf(flow, 'invalid_argument/agent_input', agent, schema, path);
  return checkValue({ ...input, action }, schema, slot);
}

function checkChild(flow: Flow, { subrun, input }: WorkflowNode, path: string): readonly WorkflowProblem[] {
  const { workflows = {} } = flow.workflow;
  const name = subrun?.workflow ?? '';
  const schema = Object.hasOwn(workflows, name) ? workflows[name]?.input : undefined;
  if (schema === undefined) return [];
  return checkValue(input, schema, slotOf(flow, 'invalid_argument/workflow_input', name, schema, path));
}

function slotOf(flow: Flow, reason: Slot['reason'], taker: string, root: JsonObject, path: string): Slot {
  return { flow, reason, of: `the input of ${taker}`, root, path: at(path, 'input'), field: '' };
}

/** Of several alternatives: the problems of the one that fits best. */
function checkValue(value: Json, schema: JsonObject, slot: Slot): readonly WorkflowProblem[] {
  const alternatives = alternativesOf(schema, slot.root).map((alternative) => checkPlain(value, alternative, slot));
  if (alternatives.length === 0) return [];
  return alternatives.reduce((best, next) => (next.length < best.length ? next : best));
}

function checkPlain(value: Json, schema: JsonObject, slot: Slot): readonly WorkflowProblem[] {
  const wanted = typesOf(schema);
  const given = typesGiven(value, slot.flow);
  if (given === undefined) return [];
  if (wanted !== undefined && !areCompatible(given, wanted))
    return [unfit(slot, `is to be ${typeWords(wanted)}, not ${typeWords(given)}`)];
  if (typeof value === 'string' && referencesIn(value).length > 0) return [];
  if (isObject(value)) return checkMembers(value, schema, slot);
  if (Array.isArray(value)) return checkItems(value, schema, slot);
  const choices = choicesOf(schema);
  if (choices === undefined || choices.includes(value)) return checkBounds(value, schema, slot);
  const words = choices.map((choice) => JSON.stringify(choice));
  const nearest = typeof value === 'string' ? nearestName(value, choices.map(String)) : undefined;
  return [unfit(slot, `is to be ${words.join(' or ')}, not ${JSON.stringify(value)}`, nearest)];
}

function choicesOf({ const: constant, enum: choices }: JsonObject): readonly Json[] | undefined {
  if (constant !== undefined) return [constant];
  return Array.isArray(choices) ? choices : undefined;
}

function checkBounds(value: Json, { minimum, maximum, minLength }: JsonObject, slot: Slot): readonly WorkflowProblem[] {
  if (typeof value === 'number' && typeof minimum === 'number' && value < minimum)
    return [unfit(slot, `is to be ${minimum} or more, not ${value}`)];
  if (typeof value === 'number' && typeof maximum === 'number' && value > maximum)
    return [unfit(slot, `is to be ${maximum} or less, not ${value}`)];
  if (typeof value === 'string' && typeof minLength === 'number' && value.length < minLength)
    return [unfit(slot, 'is empty')];
  return [];
}

function checkMembers(value: JsonObject, schema: JsonObject, slot: Slot): readonly WorkflowProblem[] {
  const { required = [] } = schema;
  const names = Array.isArray(required) ? required.map(String) : [];
  const missing = names.filter((name) => !Object.hasOwn(value, name)).map((name) => lacks(slot, name));
  return [...missing, ...Object.entries(value).flatMap(([key, member]) => checkMember(key, member, schema, slot))];
}

function checkMember(key: string, value: Json, schema: JsonObject, slot: Slot): readonly WorkflowProblem[] {
  const inner: Slot = { ...slot, path: at(slot.path, key), field: at(slot.field, key) };
  const member = memberOf(schema, key, slot.root);
  if (member.kind === 'known') return checkValue(value, member.schema, inner);
  if (member.kind === 'open' || (key === 'action' && slot.field === '')) return [];
  const suggestion = nearestName(key, member.known);
  const detail = `${slot.of} has no "${inner.field}"`;
  return [problem(slot.reason, { detail, path: inner.path, suggestion, about: 'name' })];
}

function checkItems(value: readonly Json[], { items }: JsonObject, slot: Slot): readonly WorkflowProblem[] {
  if (!isObject(items)) return [];
  return value.flatMap((item, index) =>
    checkValue(item, items, { ...slot, path: at(slot.path, index), field: at(slot.field, index) }),
  );
}

function lacks({ reason, of, path, field }: Slot, name: string): WorkflowProblem {
  return problem(reason, { detail: `${of} needs "${at(field, name)}"`, path });
}

function unfit({ reason, of, path, field }: Slot, what: string, suggestion?: string): WorkflowProblem {
  return problem(reason, { detail: `"${field}" of ${of} ${what}`, path, suggestion });
}

/** The types that the value may have when it is filled in; `undefined`: it cannot be told. */
function typesGiven(value: Json, flow: Flow): readonly string[] | undefined {
  if (typeof value !== 'string') return [typeOf(value)];
  const [reference] = referencesIn(value);
  if (reference === undefined || !isWholeTemplate(value)) return ['string'];
  const schema = schemaOf(reference, flow);
  const alternatives = schema === undefined ? [] : alternativesOf(schema, schema);
  const types = alternatives.map(typesOf);
  if (types.length === 0 || types.includes(undefined)) return undefined;
  return [...new Set(types.flatMap((each) => each ?? []))];
}

function isWholeTemplate(text: string): boolean {
  return /^\{\{[^{}]*\}\}$/.test(text);
}

/** The schema of what a reference stands for, where it is known. */
function schemaOf(reference: string, flow: Flow): JsonObject | undefined {
  const names = reference.split('.');
  if (names[0] === 'index') return { type: 'integer' };
  const [root = '', ...keys] = names[0] === 'nodes' ? names.slice(1) : names;
  const source = placesOf(flow).find(({ node }) => node.id === root);
  if (source === undefined && root !== 'input') return undefined;
  const whole = source === undefined ? inputSchema(flow) : valueSchema(flow, source.node);
  let current = whole;
  for (const key of keys) {
    const member = memberOf(current, key, whole);
    if (member.kind !== 'known') return undefined;
    current = member.schema;
  }
  return current;
}

function checkMapped(flow: Flow, over: Json | undefined, path: string): readonly WorkflowProblem[] {
  if (over === undefined || typeof over !== 'string') return [];
  const where = at(path, 'map', 'over');
  const types = typesGiven(over, flow);
  if (types === undefined || types.includes('array')) return [];
  const detail = `${over} gives ${typeWords(types)}, and a map goes over a list`;
  return [problem('invalid_argument/map_items', { detail, path: where })];
}
