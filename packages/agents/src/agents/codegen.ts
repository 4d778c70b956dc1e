import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { Agent, AgentContext } from '@vltair/core';
import {
  agentResult,
  canonicalJson,
  testResultSchema,
  VltairError,
  type AgentResult,
  type AgentTask,
  type Json,
  type TestResult,
} from '@vltair/protocol';
import { z } from 'zod';
import {
  applyEdit,
  chooseRepair,
  literalHints,
  parseProblem,
  planSearch,
  protectedBy,
  type Candidate,
  type SearchPlan,
  type Sources,
} from '../repair/index.ts';
import { trialTimeoutMs, tryCandidates, verdictSchema, type Verdict } from './candidate-trial.ts';
import { TrialCrew } from './trial-bench.ts';
import { actionsOf, type ActionDefinition } from './agent-actions.ts';
import { parseInput, projectSchema, treeOf, type Project } from './project-input.ts';
import type { ProjectTests } from './project-tests.ts';
import { problemOfRun, recordTestRun, REPEAT, signalOfRun } from './record-test-run.ts';
import { failingTestFiles, findProtectedFiles } from './protected-files.ts';
import { readSources } from './sources.ts';

const suspectSchema = z.strictObject({ file: z.string(), line: z.int().positive(), score: z.number() });

const repairSchema = z.strictObject({
  action: z.literal('repair'),
  project: projectSchema,
  /** How the tests fail. Absent: they are run first. */
  testResult: testResultSchema.exactOptional(),
  suspects: z.array(suspectSchema),
  maxCandidates: z.int().positive().default(1_000),
});
type RepairInput = z.infer<typeof repairSchema> & { readonly testResult: TestResult };

const writeSchema = z.strictObject({
  action: z.enum(['create', 'modify']),
  /** Path of the file, relative to the workspace. */
  target: z.string().min(1),
  content: z.string(),
});

const editSchema = z.strictObject({
  id: z.string(),
  file: z.string(),
  line: z.int().positive(),
  operator: z.string(),
  before: z.string(),
  after: z.string(),
  size: z.number(),
});
const repairOutputSchema = z.strictObject({
  planned: z.int().nonnegative(),
  tried: z.int().nonnegative(),
  operators: z.record(z.string(), z.int()).exactOptional(),
  /** Files that could not be searched, and why. */
  refusals: z.array(z.strictObject({ file: z.string(), reason: z.string(), detail: z.string() })).exactOptional(),
  /** Edits that pass too. */
  alternatives: z.array(editSchema).exactOptional(),
  edit: editSchema.exactOptional(),
});
const writing: ActionDefinition = {
  input: writeSchema,
  output: z.strictObject({ target: z.string() }),
  signals: ['success'],
};

/** Batches grow, so that an early find is fast and a long search pays for few records. */
const BATCH_SIZES = [8, 16, 32] as const;

/** Batches without a full repair after which an edit that mends some of the failing cases is taken. */
const PATIENCE = 4;

/**
 * Proposes code. `repair` searches for the smallest edit that makes every failing test pass and breaks none; `create`
 * and `modify` propose a given content, which has to parse.
 */
export function createCodeGen(tests: ProjectTests): Agent {
  return {
    name: 'codegen',
    version: '1',
    description: 'Proposes a change: the smallest edit that passes all tests, or a given content that parses.',
    ...actionsOf({
      repair: {
        input: repairSchema,
        output: repairOutputSchema,
        signals: ['repaired', 'improved', 'not_repaired', 'nothing_to_repair'],
      },
      create: writing,
      modify: writing,
    }),
    run: async (task, context) => {
      if (task.payload.action === 'repair') return await repair(tests, task, context);
      return write(task, context);
    },
  };
}

// --- create and modify

function write(task: AgentTask, context: AgentContext): AgentResult {
  const { target, content } = parseInput(writeSchema, task);
  const problem = parseProblem(target, content);
  if (problem !== undefined) throw new VltairError('invalid_argument/agent_input', { detail: problem, where: target });
  return agentResult({
    task,
    agent: 'codegen',
    traceId: context.traceId,
    payload: {
      output: { target },
      delta: { doc: { path: target, content } },
      artifacts: [{ kind: 'code', path: target, content }],
    },
  });
}

// --- repair

async function repair(tests: ProjectTests, task: AgentTask, context: AgentContext): Promise<AgentResult> {
  const given = parseInput(repairSchema, task);
  const testResult = given.testResult ?? (await reproduce(tests, context, given.project));
  if (testResult === undefined) return nothingToRepair(task, context);
  const input = { ...given, testResult };
  const sources = await readSources(tests.workspace, treeOf(context));
  const isProtected = await protectionOf(tests, context, input, sources);
  refuseProtected(input, sources, isProtected);
  const plan = planSearch({
    isProtected,
    suspicious: input.suspects.map((suspect) => ({ ...suspect, why: '' })),
    sources,
    hints: literalHints(input.testResult),
    hash: sha256,
    maxCandidates: input.maxCandidates,
  });
  const search = await searchIn(tests, context, input, sources, plan.candidates);
  const tried = plan.candidates.slice(0, search.tried);
  return report(task, context, search, sources, { refusals: plan.refusals, operators: countOperators(tried) });
}

/**
 * How the tests fail; undefined when they pass.
 *
 * @throws VltairError when they say nothing about single cases, or fail only sometimes.
 */
async function reproduce(
  tests: ProjectTests,
  context: AgentContext,
  project: Project,
): Promise<TestResult | undefined> {
  const { result } = await recordTestRun(tests, context, project, { selection: [], repeat: REPEAT, coverage: false });
  const problem = problemOfRun(result);
  if (problem !== undefined) throw new VltairError(problem.reason, { detail: result.reason ?? '' });
  const signal = signalOfRun(result);
  if (signal === 'flaky') throw new VltairError('test_failed/flaky', { detail: result.flaky.join(', ') });
  return signal === 'passed' ? undefined : result;
}

function nothingToRepair(task: AgentTask, context: AgentContext): AgentResult {
  const payload = { signal: 'nothing_to_repair', output: { planned: 0, tried: 0 }, artifacts: [] };
  return agentResult({ task, agent: 'codegen', traceId: context.traceId, payload });
}

/** I1: no candidate lies in a file that this answers for. */
async function protectionOf(
  { workspace }: ProjectTests,
  context: AgentContext,
  { project, testResult }: RepairInput,
  sources: Sources,
): Promise<(path: string) => boolean> {
  const own = project.protectedPaths ?? (await findProtectedFiles(workspace, treeOf(context), project));
  return protectedBy([...own, ...failingTestFiles(testResult, sources)]);
}

/** @throws VltairError `forbidden/protected_path` when there is nothing that an edit may touch. */
function refuseProtected(
  { suspects, testResult }: RepairInput,
  sources: Sources,
  isProtected: (path: string) => boolean,
): void {
  if (suspects.some(({ file }) => !isProtected(file))) return;
  const files = [...new Set([...suspects.map(({ file }) => file), ...failingTestFiles(testResult, sources)])];
  const shown = files.length === 0 ? 'there is no other source' : `only ${files.slice(0, 5).join(', ')} is suspected`;
  const detail = `nothing but tests and what belongs to them could be changed: ${shown}`;
  throw new VltairError('forbidden/protected_path', { detail });
}

interface Search {
  readonly planned: number;
  readonly tried: number;
  readonly chosen: Candidate | undefined;
  readonly signal: 'repaired' | 'improved' | 'not_repaired';
  /** Other edits that pass too, at most three, in order. */
  readonly alternatives: readonly Candidate[];
}

/** Batch after batch until one holds an edit that passes everything. The same tree and bounds give the same answer. */
async function searchIn(
  tests: ProjectTests,
  context: AgentContext,
  input: RepairInput,
  sources: Sources,
  candidates: readonly Candidate[],
): Promise<Search> {
  const improving: { readonly candidate: Candidate; readonly fixed: number; readonly batch: number }[] = [];
  let tried = 0;
  const { project, testResult: failing } = input;
  const subject = { project, tree: treeOf(context), sources, failing, traceId: context.traceId };
  await using crew = new TrialCrew(tests, subject, availableParallelism());
  for (const [index, batch] of batchesOf(candidates).entries()) {
    const verdicts = await tryBatch(crew, context, batch, { done: tried, total: candidates.length });
    tried += batch.length;
    const passing = batch.filter((_, at) => verdicts[at]?.verdict === 'passes');
    const chosen = chooseRepair(passing);
    if (chosen !== undefined) {
      const alternatives = passing.filter((candidate) => candidate !== chosen).slice(0, 3);
      return { planned: candidates.length, tried, chosen, signal: 'repaired', alternatives };
    }
    improving.push(...improvementsOf(batch, verdicts).map((improvement) => ({ ...improvement, batch: index })));
    if (improving[0] !== undefined && index - improving[0].batch >= PATIENCE) break;
  }
  const most = Math.max(0, ...improving.map(({ fixed }) => fixed));
  const chosen = chooseRepair(improving.filter(({ fixed }) => fixed === most).map(({ candidate }) => candidate));
  const signal = chosen === undefined ? 'not_repaired' : 'improved';
  return { planned: candidates.length, tried, chosen, signal, alternatives: [] };
}

function batchesOf(candidates: readonly Candidate[]): readonly (readonly Candidate[])[] {
  const result: (readonly Candidate[])[] = [];
  for (let start = 0; start < candidates.length;) {
    const size = BATCH_SIZES[Math.min(result.length, BATCH_SIZES.length - 1)] ?? 32;
    result.push(candidates.slice(start, start + size));
    start += size;
  }
  return result;
}

function improvementsOf(batch: readonly Candidate[], verdicts: readonly Verdict[]) {
  return batch.flatMap((candidate, at) => {
    const verdict = verdicts[at];
    return verdict?.verdict === 'improves' ? [{ candidate, fixed: verdict.fixed }] : [];
  });
}

/** One batch is one repeatable effect, keyed by tree and batch digest: after a crash at most one batch is tried again. */
async function tryBatch(
  crew: TrialCrew,
  context: AgentContext,
  batch: readonly Candidate[],
  progress: { readonly done: number; readonly total: number },
): Promise<readonly Verdict[]> {
  const { project, tree, failing } = crew.subject;
  const digest = sha256(canonicalJson(batch.map(({ id }) => id)));
  let { done } = progress;
  const tell = (): void => context.progress({ message: 'trying edits', done, total: progress.total });
  tell();
  const value = await context.effect(
    {
      name: 'try edits',
      arguments: { tree, digest },
      summary: `try ${batch.length} edits, from ${done + 1} of ${progress.total}`,
      policy: 'repeatable',
      reserve: { candidates: batch.length },
      clocks: { total: batchTimeoutMs(failing, project, batch.length) },
    },
    async (call) => {
      const tried = (): void => {
        done += 1;
        tell();
      };
      const verdicts = await tryCandidates(crew, { signal: call.signal, tried }, batch);
      return verdicts.map((verdict): Json => ({ ...verdict }));
    },
  );
  return z.array(verdictSchema).parse(value);
}

/** A candidate may take its limit as a probe, again in a sandbox of its own, with the suite, and alone twice twice that. */
function batchTimeoutMs(failing: TestResult, project: Project, size: number): number {
  return size * (4 + 3 * project.commands.length) * trialTimeoutMs(failing, project) + 60_000;
}

function report(
  task: AgentTask,
  context: AgentContext,
  search: Search,
  sources: Sources,
  { refusals, operators }: Pick<SearchPlan, 'refusals'> & { readonly operators: Readonly<Record<string, number>> },
): AgentResult {
  const { chosen, planned, tried, signal, alternatives } = search;
  const output = {
    planned,
    tried,
    operators,
    refusals: refusals.map(({ file, reason, detail }) => ({ file, reason, detail })),
    alternatives: alternatives.map(describeEdit),
    ...(chosen === undefined ? {} : { edit: describeEdit(chosen) }),
  };
  const delta = chosen === undefined ? {} : { delta: { doc: changeOf(chosen, sources) } };
  return agentResult({
    task,
    agent: 'codegen',
    traceId: context.traceId,
    payload: { signal, output, artifacts: [], ...delta },
  });
}

/** How many edits of each kind were tried, by name. */
function countOperators(candidates: readonly Candidate[]): Readonly<Record<string, number>> {
  const groups = Map.groupBy(candidates, ({ edit }) => edit.operator);
  const counts = [...groups].map(([operator, group]): [string, number] => [operator, group.length]);
  return Object.fromEntries(counts.toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

function changeOf({ edit }: Candidate, sources: Sources): { path: string; content: string } {
  return { path: edit.file, content: applyEdit(sources.get(edit.file) ?? '', edit) };
}

function describeEdit({ id, edit }: Candidate) {
  const { file, line, operator, before, after, size } = edit;
  return { id, file, line, operator, before, after, size };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
