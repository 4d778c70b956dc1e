import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  applyToDirectory,
  catalogued,
  countCases,
  findProtectedFiles,
  protectedBy,
  type ApplyResult,
  type Project,
} from '@vltair/agents';
import { fold, type AppliedTree, type RunState } from '@vltair/core';
import {
  canonicalJson,
  jsonObjectSchema,
  makeRunId,
  makeTraceId,
  testResultSchema,
  VltairError,
  type FactOf,
  type Failure,
  type JsonObject,
  type StoredEvent,
  type Workflow,
} from '@vltair/protocol';
import type { Desk, Target } from './bring-to-rest.ts';
import { failingCasesOf, type FailingCase } from './failing-case.ts';
import { planProject, type ProjectPlan } from './project-plan.ts';
import { repositoryPathOf } from './repository-path.ts';
import { readWorkflowFile } from './workflow-file.ts';

export interface FixRequest {
  readonly directory: string;
  /** The command that runs the tests, as a shell line; absent: found from the project. */
  readonly test?: string;
  readonly maxCandidates: number;
  /** Bound of the whole run in milliseconds. */
  readonly timeoutMs: number;
  /** Bound of one execution of the whole test suite in milliseconds; two minutes unless said otherwise. */
  readonly testTimeoutMs?: number;
  readonly sandboxMode: 'strict' | 'best-effort';
  /** Starts anew although the same request has an unfinished run. */
  readonly isNew: boolean;
}

/** What `fix` is going to do: the run that it starts or joins. */
export interface FixTarget extends Target {
  /**
   * `joined`: the same request has an unfinished run. `superseded`: it had one over other files, which stays as it is.
   * `expired`: it had one whose deadline passed while nobody worked on it, which fails by that.
   */
  readonly how:
    | { readonly kind: 'started' }
    | { readonly kind: 'joined' }
    | { readonly kind: 'superseded' | 'expired'; readonly earlier: string };
  readonly plan: ProjectPlan;
}

export interface FixReport {
  readonly run: string;
  readonly status: RunState['status'];
  readonly failure: Failure | undefined;
  /** Cases of the first reproduction. `undefined` when the tests could not be run. */
  readonly reproduced: { readonly passed: number; readonly failed: number; readonly skipped: number } | undefined;
  readonly failing: readonly string[];
  /** Why each of them fails. */
  readonly failures: readonly FailingCase[];
  readonly flaky: readonly string[];
  /** The lines that the failing tests make suspicious, of the last search, most suspicious first. */
  readonly suspects: readonly JsonObject[];
  /** Suspicious files that gave no edits, of the last search: file, reason and detail. */
  readonly refusals: readonly JsonObject[];
  /** Edits tried, over all visits. */
  readonly tried: number;
  /** Of these, edits whose tests did not end in time, twice. */
  readonly timedOut: number;
  /** Edits that there were to try, over all visits. */
  readonly planned: number;
  /** Of the last search: edits tried by kind. Empty when it did not come to its end. */
  readonly operators: Readonly<Record<string, number>>;
  /** The repair as a unified diff; empty when there is none. */
  readonly diff: string;
  readonly files: readonly string[];
  readonly edits: readonly JsonObject[];
  readonly alternatives: readonly JsonObject[];
  /** Where the project lies in its git repository: what `git apply` has to be told. Empty at its top and outside of git. */
  readonly repositoryPath: string;
  readonly treeBefore: string;
  readonly treeAfter: string;
  readonly durationMs: number;
}

const WORKFLOW_FILE = join(import.meta.dirname, '..', '..', '..', 'workflows', 'fix-failing.yaml');

const TEST_TIMEOUT_MS = 120_000;

/** The unfinished run of the same request, or the start of a new one. */
export async function targetOfFix(desk: Desk, request: FixRequest): Promise<FixTarget> {
  const plan = await planProject(request.directory, request.test);
  const snapshot = await catalogued(desk.workspace.capture(plan.root));
  const key = requestKey(plan);
  const joinKey = joinKeyOf(plan, snapshot);
  const earlier = request.isNew ? [] : await unfinishedRuns(desk, key);
  const same = earlier.find((row) => row.joinKey === joinKey);
  const isExpired = same !== undefined && (await hasExpired(desk, same.run));
  if (same !== undefined && !isExpired) return { run: same.run, how: { kind: 'joined' }, plan };
  const workflow = await boundedWorkflow(request);
  const project: Project = {
    directory: plan.root,
    dependencies: [...snapshot.dependencies],
    commands: [...plan.commands],
    testTimeoutMs: Math.min(request.testTimeoutMs ?? TEST_TIMEOUT_MS, request.timeoutMs),
    sandboxMode: request.sandboxMode,
    protectedPaths: [...(await catalogued(findProtectedFiles(desk.workspace, snapshot.tree, plan)))],
  };
  const run = makeRunId(Date.now(), randomBytes(16));
  const start = {
    workflow,
    input: { project: jsonObjectSchema.parse(project), maxCandidates: request.maxCandidates },
    traceId: makeTraceId(randomBytes(16)),
    title: `fix ${plan.root}${plan.packagePath === '.' ? '' : ` (${plan.packagePath})`}`,
    joinKey,
    tree: snapshot.tree,
  };
  const begin = { type: 'start', joins: !request.isNew, request: start } as const;
  const replaced = same ?? earlier[0];
  if (replaced === undefined) return { run, begin, how: { kind: 'started' }, plan };
  const how = { kind: isExpired ? 'expired' : 'superseded', earlier: replaced.run } as const;
  return { run, begin, before: isExpired ? [replaced.run] : [], how, plan };
}

/** Whether its deadline has passed: it comes to its end by that as soon as somebody takes it up. */
async function hasExpired({ store }: Desk, run: string): Promise<boolean> {
  const deadlineTs = fold(await store.read(run))?.deadlineTs;
  return deadlineTs !== undefined && Date.now() >= deadlineTs;
}

/** What a finished repair found, read from its log. */
export async function reportFix(desk: Desk, state: RunState): Promise<FixReport> {
  const events = await desk.store.read(state.run);
  const created = events[0]?.payload;
  if (created?.type !== 'run.created' || created.tree === undefined || state.tree === undefined) {
    throw new VltairError('internal/unexpected', { detail: `${state.run} is no repair` });
  }
  const results = events.flatMap(({ payload }) =>
    payload.type === 'attempt.completed' && payload.outcome.kind === 'result'
      ? [{ node: payload.node, payload: payload.outcome.result.payload }]
      : [],
  );
  const first = testResultSchema.safeParse(results[0]?.payload.artifacts.find(({ kind }) => kind === 'test_result'));
  const outputsOf = (name: string) => results.filter(({ node }) => node === name).map(({ payload }) => payload.output);
  const searches = outputsOf('codegen');
  const suspects = outputsOf('debug').at(-1)?.['suspects'];
  const difference = await catalogued(desk.workspace.diff(created.tree, state.tree));
  return {
    run: state.run,
    status: state.status,
    failure: state.failure,
    reproduced: first.success ? countCases(first.data) : undefined,
    failing: first.success ? first.data.cases.filter(({ status }) => status === 'failed').map(({ id }) => id) : [],
    failures: first.success ? failingCasesOf(first.data) : [],
    flaky: first.success ? first.data.flaky : [],
    suspects: objectsOf(suspects),
    refusals: objectsOf(searches.at(-1)?.['refusals']),
    tried: verdictsOf(events).length,
    timedOut: verdictsOf(events).filter((each) => isObject(each) && each['verdict'] === 'timed_out').length,
    operators: operatorsOf(searches.at(-1)?.['operators']),
    planned: searches.reduce((sum, { planned }) => sum + (typeof planned === 'number' ? planned : 0), 0),
    diff: difference.text,
    files: difference.files.map(({ path }) => path),
    edits: searches.flatMap(({ edit }) => (isObject(edit) ? [edit] : [])),
    alternatives: searches.flatMap(({ alternatives }) => objectsOf(alternatives)),
    repositoryPath: await repositoryPathOf(projectOf(state).directory),
    treeBefore: created.tree,
    treeAfter: state.tree,
    durationMs: state.ts - state.createdTs,
  };
}

function objectsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function operatorsOf(counts: unknown): Readonly<Record<string, number>> {
  if (!isObject(counts)) return {};
  return Object.fromEntries(
    Object.entries(counts).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

/** Every recorded batch is a list of verdicts, also of a search that did not come to its end. */
function verdictsOf(events: readonly StoredEvent[]): readonly unknown[] {
  return events.flatMap(({ payload }) => (payload.type === 'effect.recorded' ? verdictsOfBatch(payload) : []));
}

function verdictsOfBatch({ node, outcome }: FactOf<'effect.recorded'>): readonly unknown[] {
  return node === 'codegen' && outcome.kind === 'value' && Array.isArray(outcome.value) ? outcome.value : [];
}

/** Writes a successful repair into the user's directory, unless the files changed meanwhile, and has it recorded that it did. */
export async function applyFix(
  { workspace }: Desk,
  state: RunState,
  report: FixReport,
  record: (applied: Omit<AppliedTree, 'by'>) => Promise<void>,
): Promise<ApplyResult> {
  const { directory, protectedPaths } = projectOf(state);
  const forbidden = report.files.find(protectedBy(protectedPaths));
  if (forbidden !== undefined) throw new VltairError('forbidden/protected_path', { detail: forbidden });
  const { treeBefore: before, treeAfter: after } = report;
  const result = await catalogued(applyToDirectory({ workspace, directory, before, after }));
  if (result.kind === 'applied') {
    await record({ directory, treeBefore: before, treeAfter: after, files: result.files });
  }
  return result;
}

function projectOf(state: RunState): { readonly directory: string; readonly protectedPaths: readonly string[] } {
  const { project } = state.input;
  if (!isObject(project) || typeof project['directory'] !== 'string')
    throw new VltairError('internal/unexpected', { detail: `${state.run} has no project` });
  const { directory, protectedPaths } = project;
  const paths = Array.isArray(protectedPaths) ? protectedPaths : [];
  return { directory, protectedPaths: paths.filter((path) => typeof path === 'string') };
}

/** The same request over the same files: an unfinished run with this key is joined. */
export function joinKeyOf(plan: ProjectPlan, { tree }: { readonly tree: string }): string {
  return `${requestKey(plan)}:${tree}`;
}

/** The same real path and test command are the same request. */
function requestKey({ root, packagePath, commands }: ProjectPlan): string {
  const text = canonicalJson({ root, packagePath, commands });
  return `fix:${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
}

async function unfinishedRuns({ store }: Desk, requestKeyText: string) {
  const rows = await store.runs({ statuses: ['queued', 'running', 'paused'], limit: 1_000 });
  return rows.filter(
    ({ joinKey, origin }) => origin === undefined && joinKey?.startsWith(`${requestKeyText}:`) === true,
  );
}

async function boundedWorkflow({ maxCandidates, timeoutMs }: FixRequest): Promise<Workflow> {
  const workflow = await readWorkflowFile(WORKFLOW_FILE);
  const loops = Math.max(...workflow.nodes.map(({ maxVisits }) => maxVisits));
  return { ...workflow, timeout: timeoutMs, budget: { candidates: maxCandidates * loops } };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
