import { type TestResult } from '@vltair/protocol';
import { z } from 'zod';
import { applyEdit, type Candidate, type Sources } from '../repair/index.ts';
import { selectionOf, type TestCommand, type TestSelection } from '../test-runners/test-command.ts';
import type { Clone } from '../workspace/clone.ts';
import type { Project } from './project-input.ts';
import type { ProjectTests } from './project-tests.ts';

/**
 * What became of a candidate. `passes`: everything passes. `improves`: some of the failing cases pass and nothing else
 * broke. `fails`: the rest. Plain data, recorded in the ledger.
 */
export const verdictSchema = z.strictObject({
  id: z.string(),
  verdict: z.enum(['passes', 'improves', 'fails']),
  /** Failing cases that pass with it. */
  fixed: z.int().nonnegative(),
});
export type Verdict = z.infer<typeof verdictSchema>;

export interface Trial {
  readonly project: Project;
  readonly tree: string;
  readonly sources: Sources;
  /** The suite as it fails without any edit. */
  readonly failing: TestResult;
  readonly traceId: string;
  readonly signal: AbortSignal;
  /** Called after each candidate. */
  readonly tried: () => void;
}

/** Tries candidates in clones, several at a time; the verdicts come in the order of the candidates, whatever the order of completion. */
export async function tryCandidates(
  tests: ProjectTests,
  trial: Trial,
  candidates: readonly Candidate[],
  workers: number,
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  const queue = candidates.entries();
  const work = async (): Promise<void> => {
    await using clone = await tests.checkout(trial.project, trial.tree, trial.traceId);
    for (const [index, candidate] of queue) {
      trial.signal.throwIfAborted();
      verdicts[index] = await tryOne(tests, trial, clone, candidate);
      trial.tried();
    }
  };
  const crews = await Promise.allSettled(Array.from({ length: Math.min(workers, candidates.length) }, work));
  const broken = crews.find((crew) => crew.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
  return verdicts;
}

async function tryOne(tests: ProjectTests, trial: Trial, clone: Clone, { id, edit }: Candidate): Promise<Verdict> {
  const content = applyEdit(trial.sources.get(edit.file) ?? '', edit);
  await clone.reset([{ path: edit.file, content }]);
  const target = failingCases(trial.failing);
  const passed = await passedCases(tests, trial, clone, target);
  const fixed = target.filter((testCase) => passed.has(testCase)).length;
  const verdict = fixed === 0 ? 'fails' : await judgeWhole(tests, trial, clone, fixed === target.length);
  if (!(await clone.isPristine())) await clone.restore();
  return { id, verdict, fixed };
}

/** Ids of the cases that fail every time. */
export function failingCases({ cases, flaky }: TestResult): readonly string[] {
  return cases.filter(({ status, id }) => status === 'failed' && !flaky.includes(id)).map(({ id }) => id);
}

/** Of the failing cases, those that pass now; only they are run where the runner can select them. */
async function passedCases(
  tests: ProjectTests,
  trial: Trial,
  clone: Clone,
  target: readonly string[],
): Promise<ReadonlySet<string>> {
  const passed = new Set<string>();
  for (const command of trial.project.commands) {
    const selection = selectionFor(command, trial.failing, target);
    if (selection === 'nothing') continue;
    const result = await run(tests, trial, clone, command, selection);
    for (const { id, status } of result.cases) if (status === 'passed') passed.add(id);
  }
  return passed;
}

/** The whole suite: an edit that mends one case and breaks another is none. */
async function judgeWhole(
  tests: ProjectTests,
  trial: Trial,
  clone: Clone,
  mendsAll: boolean,
): Promise<Verdict['verdict']> {
  const before = new Map(trial.failing.cases.map(({ id, status }) => [id, status]));
  let seen = 0;
  for (const command of trial.project.commands) {
    const result = await run(tests, trial, clone, command, []);
    if (result.outcome !== 'passed' && result.outcome !== 'failed') return 'fails';
    const broken = result.cases.filter(({ id, status }) => status === 'failed' && !trial.failing.flaky.includes(id));
    if (broken.some(({ id }) => mendsAll || before.get(id) !== 'failed')) return 'fails';
    seen += result.cases.length;
  }
  if (seen < trial.failing.cases.length) return 'fails';
  return mendsAll ? 'passes' : 'improves';
}

async function run(
  tests: ProjectTests,
  trial: Trial,
  clone: Clone,
  command: TestCommand,
  selection: readonly TestSelection[],
): Promise<TestResult> {
  const { project, traceId, signal } = trial;
  const limits = { wallTimeMs: trialTimeoutMs(trial.failing, project) };
  const execution = { command, selection, repeat: 1, coverage: false, limits, traceId, signal };
  const { result } = await tests.run(project, clone, execution);
  signal.throwIfAborted();
  return result;
}

const SHORTEST_TRIAL_MS = 5_000;

/** An edit can make a test run for ever; one that takes much longer than the failing suite did is given up. */
export function trialTimeoutMs(failing: TestResult, project: Project): number {
  return Math.min(project.testTimeoutMs, Math.max(SHORTEST_TRIAL_MS, Math.round(3 * failing.durationMs) + 2_000));
}

function selectionFor(
  command: TestCommand,
  failing: TestResult,
  target: readonly string[],
): readonly TestSelection[] | 'nothing' {
  if (command.runner === 'command') return [];
  const prefix = command.directory === '.' ? '' : `${command.directory}/`;
  const wanted = failing.cases.filter(({ id }) => target.includes(id)).map((testCase) => selectionOf(testCase));
  const own = wanted.filter((selection) => selection?.file.startsWith(prefix) === true);
  if (own.length === 0) return wanted.some((selection) => selection === undefined) ? [] : 'nothing';
  return own.filter((selection) => selection !== undefined);
}
