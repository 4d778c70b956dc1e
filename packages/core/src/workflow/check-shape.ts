import { workflowJsonSchema, workflowSchema, type Workflow } from '@vltair/protocol';
import type { z } from 'zod';
import { alternativesOf, isObject, memberOf } from './json-shape.ts';
import { nearestName } from './nearest-name.ts';
import { kindWords, typeWords } from './type-words.ts';
import { at, problem, type WorkflowProblem } from './workflow-problem.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

export interface ParsedShape {
  /** Without the members that are wrong, where the rest can be judged without them. */
  readonly workflow: Workflow | undefined;
  readonly problems: readonly WorkflowProblem[];
}

/** Members of a node that nothing else depends on. */
const SEPARABLE: ReadonlySet<string> = new Set(
  'timeout maxAttempts maxVisits priority concurrencyKey budget when compensate description'.split(' '),
);
const MAX_ROUNDS = 8;

/** The workflow as data, with everything that does not fit its schema. */
export function parseShape(value: unknown): ParsedShape {
  const problems: WorkflowProblem[] = [];
  let rest = value;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const parsed = workflowSchema.safeParse(rest);
    if (parsed.success) return { workflow: parsed.data, problems };
    const issues = parsed.error.issues.flatMap((issue) => narrowed(issue, rest));
    problems.push(...issues.flatMap((issue) => problemsOf(issue, rest)));
    if (!issues.every(isSeparable)) return { workflow: undefined, problems };
    rest = structuredClone(rest);
    for (const issue of issues) remove(rest, issue);
  }
  return { workflow: undefined, problems };
}

/** Of a union: what is wrong with the alternative that fits best. */
function narrowed(issue: Issue, value: unknown): readonly Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
  const actual = valueAt(value, issue.path);
  const alternatives = issue.errors.filter(
    (issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  );
  if (alternatives.length === 0) return [{ ...issue, message: `not ${kindWords(actual)}` }];
  const best = alternatives.reduce((left, right) => (weightOf(right) < weightOf(left) ? right : left));
  const isOpen = alternatives.length > 1 && alternatives.every((issues) => issues.some(isMissingIn(actual)));
  if (isOpen && alternatives.every((issues) => weightOf(issues) === weightOf(best))) {
    const names = alternatives.flatMap((issues) =>
      issues.filter(isMissingIn(actual)).map(({ path }) => `"${String(path[0])}"`),
    );
    return [{ ...issue, errors: [], message: `needs ${names.join(' or ')}` }];
  }
  return best.flatMap((inner) => narrowed({ ...inner, path: [...issue.path, ...inner.path] }, value));
}

function weightOf(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0);
}

function isMissingIn(value: unknown): (issue: Issue) => boolean {
  return (issue) => issue.path.length === 1 && valueAt(value, issue.path) === undefined;
}

function problemsOf(issue: Issue, value: unknown): readonly WorkflowProblem[] {
  const path = pathOf(issue.path);
  if (issue.code !== 'unrecognized_keys')
    return [problem('invalid_argument/workflow', { detail: sentenceOf(issue, value), path })];
  const known = fieldsAt(issue.path);
  return issue.keys.map((key) => {
    const detail = `${subjectOf(issue.path, value)} has no field "${key}"`;
    const suggestion = nearestName(key, known);
    return problem('invalid_argument/workflow', { detail, path: at(path, key), suggestion, about: 'name' });
  });
}

function sentenceOf(issue: Issue, value: unknown): string {
  const field = issue.path.findLast((step) => typeof step === 'string');
  const subject = subjectOf(issue.path.slice(0, -1), value);
  const actual = valueAt(value, issue.path);
  if (issue.path.length === 0) return `expected a workflow, not ${kindWords(actual)}`;
  if (actual === undefined && issue.code !== 'custom') return `${subject} needs "${String(field)}"`;
  if (issue.code === 'invalid_type')
    return `"${String(field)}" of ${subject} is to be ${typeWords([issue.expected])}, not ${kindWords(actual)}`;
  const whole = subjectOf(issue.path, value);
  if (issue.code === 'custom' && whole !== subject) return `${whole} ${issue.message}`;
  return `"${String(field)}" of ${subject}: ${issue.message}`;
}

/** `node "scan"`, or `the workflow`. */
function subjectOf(path: Path, value: unknown): string {
  for (let length = path.length; length > 0; length -= 1) {
    const list = path[length - 2];
    if (typeof path[length - 1] !== 'number' || (list !== 'nodes' && list !== 'finally')) continue;
    const id = valueAt(value, [...path.slice(0, length), 'id']);
    return typeof id === 'string' ? `node "${id}"` : `node ${String(path[length - 1])}`;
  }
  return path[0] === 'workflows' && path.length > 1 ? `workflow "${String(path[1])}"` : 'the workflow';
}

function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Readonly<Record<PropertyKey, unknown>>)[step];
  }
  return current;
}

function pathOf(path: Path): string {
  return path.map(String).join('.');
}

// --- the fields that a place of the workflow has

/** In the schema's own words; empty where it cannot be told. */
function fieldsAt(path: Path): readonly string[] {
  const root = workflowJsonSchema();
  let place = root;
  for (const step of path) {
    const member = memberOf(place, String(step), root);
    if (member.kind !== 'known') return [];
    place = member.schema;
  }
  const fields = alternativesOf(place, root).flatMap(({ properties }) =>
    isObject(properties) ? Object.keys(properties) : [],
  );
  return [...new Set(fields)];
}

// --- what can be left out, so that the rest is judged too

function isSeparable(issue: Issue): boolean {
  if (issue.code === 'unrecognized_keys') return true;
  return separableAt(issue.path) !== -1;
}

function separableAt(path: Path): number {
  const list = path.findLastIndex((step) => step === 'nodes' || step === 'finally');
  const field = path[list + 2];
  return list !== -1 && typeof field === 'string' && SEPARABLE.has(field) ? list + 2 : -1;
}

function remove(value: unknown, issue: Issue): void {
  if (issue.code === 'unrecognized_keys') for (const key of issue.keys) removeAt(value, [...issue.path, key]);
  else removeAt(value, issue.path.slice(0, separableAt(issue.path) + 1));
}

function removeAt(value: unknown, path: Path): void {
  const holder = valueAt(value, path.slice(0, -1));
  const key = path.at(-1);
  if (typeof holder === 'object' && holder !== null && key !== undefined) Reflect.deleteProperty(holder, key);
}
