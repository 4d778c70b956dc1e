import { parseExpression, VltairError, type Json } from '@vltair/protocol';
import { referencesIn } from '../machine/template.ts';
import type { DoneBefore } from './done-before.ts';
import { placesOf, type Flow, type Place } from './flow.ts';
import { inputSchema, runSchema, valueSchema } from './given-values.ts';
import { memberOf } from './json-shape.ts';
import { nearestName } from './nearest-name.ts';
import { at, problem, type WorkflowProblem } from './workflow-problem.ts';

/** What a template or a condition may refer to where it stands. */
interface Sight {
  readonly flow: Flow;
  /** Nodes that have given a result for certain; `undefined`: the graph is wrong, and it cannot be told. */
  readonly certain: ReadonlySet<string> | undefined;
  /** Nodes that the condition of the same node has asked about. */
  readonly asked: ReadonlySet<string>;
  /** Nodes whose failure may be spoken of. */
  readonly mayHaveFailed: ReadonlySet<string>;
  readonly hasItem: boolean;
  readonly isCleanup: boolean;
  /** Of what is not certain to be there. */
  readonly severity: WorkflowProblem['severity'];
}

/** Templates and conditions that refer to what is not there, or not there for certain. */
export function checkReferences(
  flow: Flow,
  before: DoneBefore | undefined,
  atSuccess: ReadonlySet<string> | undefined,
): readonly WorkflowProblem[] {
  const output = flow.workflow.output;
  const ended: Sight = { ...unsighted(flow), certain: atSuccess, severity: 'warning' };
  return [
    ...placesOf(flow).flatMap((place) => checkPlace(flow, place, before)),
    ...(output === undefined ? [] : checkTemplates(output, at(flow.path, 'output'), ended)),
  ];
}

function checkPlace(flow: Flow, place: Place, before: DoneBefore | undefined): readonly WorkflowProblem[] {
  const { node, path, isCleanup } = place;
  const whole = sightOf(flow, place, before);
  const sight = { ...whole, asked: askedBy(node.when), hasItem: node.map !== undefined };
  const templates = [
    ['input', node.input, sight],
    ['concurrencyKey', node.concurrencyKey, sight],
    ['approval.message', node.approval?.message, sight],
    ['signal.message', node.signal?.message, sight],
    ['map.over', node.map?.over, { ...sight, hasItem: false }],
    ['compensate.input', node.compensate?.input, { ...sight, certain: withOwn(sight.certain, node.id) }],
  ] as const;
  return [
    ...(node.when === undefined ? [] : checkCondition(node.when, at(path, 'when'), { ...whole, isCleanup })),
    ...templates.flatMap(([member, value, view]) =>
      value === undefined ? [] : checkTemplates(value as Json, at(path, member), view),
    ),
  ];
}

function unsighted(flow: Flow): Sight {
  const nothing = new Set<string>();
  const rest = { asked: nothing, mayHaveFailed: nothing, hasItem: false, isCleanup: false };
  return { flow, certain: undefined, severity: 'error', ...rest };
}

/** A cleanup node runs however the run went: nothing is certain to it. */
function sightOf(flow: Flow, { node, isCleanup }: Place, before: DoneBefore | undefined): Sight {
  if (isCleanup) return { ...unsighted(flow), certain: new Set(node.needs), isCleanup, severity: 'warning' };
  const rescued = flow.workflow.nodes.filter(
    ({ onFailure }) => typeof onFailure === 'object' && onFailure.to === node.id,
  );
  const mayHaveFailed = new Set([...(node.tolerates ?? []), ...rescued.map(({ id }) => id)]);
  return { ...unsighted(flow), certain: before?.get(node.id), mayHaveFailed };
}

function withOwn(certain: ReadonlySet<string> | undefined, id: string): ReadonlySet<string> | undefined {
  return certain === undefined ? undefined : new Set([...certain, id]);
}

// --- templates

function checkTemplates(value: Json, path: string, sight: Sight): readonly WorkflowProblem[] {
  if (Array.isArray(value)) return value.flatMap((item: Json, index) => checkTemplates(item, at(path, index), sight));
  if (value !== null && typeof value === 'object')
    return Object.entries(value).flatMap(([key, member]) => checkTemplates(member, at(path, key), sight));
  return referencesIn(value).flatMap((reference) => checkReference(reference, path, sight));
}

function checkReference(reference: string, path: string, sight: Sight): readonly WorkflowProblem[] {
  const [root = '', ...keys] = reference.split('.');
  const { flow, hasItem, isCleanup } = sight;
  const shown = `{{${reference}}}`;
  const say = (detail: string, suggestion?: string, severity: Sight['severity'] = 'error') => [
    problem('invalid_argument/template', { detail: `${shown} ${detail}`, path, suggestion, severity }),
  ];
  if (root === 'input') return memberProblems(shown, inputSchema(flow), keys, path);
  if (root === 'item' || root === 'index') return hasItem ? [] : say(`stands outside of a map`);
  if (root === 'run') return memberProblems(shown, runSchema(isCleanup), keys, path);
  const [name, members] = root === 'nodes' ? [keys[0], keys.slice(1)] : [root, keys];
  if (name === undefined) return [];
  const source = placesOf(flow).find(({ node }) => node.id === name);
  if (source === undefined) return say(`refers to no node`, nearestName(name, namesIn(sight)));
  if (source.isCleanup && !isCleanup) return say(`refers to a finally node, which runs later`);
  const unknown = memberProblems(shown, valueSchema(flow, source.node), members, path);
  if (unknown.length > 0 || isCertain(name, members, sight)) return unknown;
  return say(uncertainty(source.node.id, members, sight), undefined, sight.severity);
}

function isCertain(name: string, [member]: readonly string[], { certain, asked, mayHaveFailed }: Sight): boolean {
  if (certain === undefined || asked.has(name) || asked.has('nodes')) return true;
  return member === 'failure' ? mayHaveFailed.has(name) : certain.has(name);
}

function uncertainty(name: string, [member]: readonly string[], { severity, mayHaveFailed }: Sight): string {
  if (member === 'failure') return `is there only where ${name} failed: say needs: [${name}?], or onFailure: {to: ...}`;
  if (mayHaveFailed.has(name)) return `may be missing: ${name} need not have succeeded`;
  return severity === 'warning'
    ? `may be missing: ${name} is not always done`
    : `may be missing: ${name} is not always done before`;
}

function memberProblems(
  shown: string,
  schema: Parameters<typeof memberOf>[0],
  keys: readonly string[],
  path: string,
): readonly WorkflowProblem[] {
  let current = schema;
  for (const [index, key] of keys.entries()) {
    const member = memberOf(current, key, schema);
    if (member.kind === 'open') return [];
    if (member.kind === 'missing') {
      const holder = index === 0 ? 'it' : keys.slice(0, index).join('.');
      const suggestion = nearestName(key, member.known);
      const detail = `${shown} is never there: ${holder} has no "${key}"`;
      return [problem('invalid_argument/template', { detail, path, suggestion })];
    }
    current = member.schema;
  }
  return [];
}

function namesIn({ flow, isCleanup }: Sight): readonly string[] {
  const places = placesOf(flow).filter((place) => isCleanup || !place.isCleanup);
  return [...places.map(({ node }) => node.id), 'input', 'run'];
}

// --- conditions

/** The names that a condition reads; empty when it cannot be read. */
function askedBy(when: string | undefined): ReadonlySet<string> {
  if (when === undefined) return new Set();
  try {
    return new Set(parseExpression(when).references);
  } catch (error) {
    if (!(error instanceof VltairError)) throw error;
    return new Set(); // checkCondition tells what is wrong with it
  }
}

/** A condition can be written so that it holds without a node, which a reader of the text cannot tell: a warning. */
function checkCondition(when: string, path: string, sight: Sight): readonly WorkflowProblem[] {
  try {
    return parseExpression(when).references.flatMap((name) => checkName(name, when, path, sight));
  } catch (error) {
    if (!(error instanceof VltairError)) throw error;
    return [{ severity: 'error', reason: error.reason, message: error.message, path }];
  }
}

function checkName(name: string, when: string, path: string, sight: Sight): readonly WorkflowProblem[] {
  if (name === 'input' || name === 'run' || name === 'nodes') return [];
  const say = (detail: string, more: { suggestion?: string | undefined; severity?: Sight['severity'] } = {}) => [
    problem('invalid_argument/expression', { detail: `${detail}: ${when}`, path, ...more }),
  ];
  if (name === 'item' || name === 'index') return say(`"${name}" stands outside of a map's items`);
  const source = placesOf(sight.flow).find(({ node }) => node.id === name);
  if (source === undefined) {
    const suggestion = nearestName(name, namesIn(sight));
    return [problem('invalid_argument/expression', { detail: `"${name}" is no node`, path, suggestion })];
  }
  if (isCertain(name, [], sight) || sight.mayHaveFailed.has(name)) return [];
  return say(`"${name}" is not always done before; ask has(nodes.${name}) first`, { severity: 'warning' });
}
