import type { TestCase, TestResult } from '@vltair/protocol';
import { z } from 'zod';
import { applyEdit, type Candidate, type Sources } from '../repair/index.ts';
import { passesNow, selectionOf, type TestCommand, type TestSelection } from '../test-runners/test-command.ts';
import type { Clone } from '../workspace/clone.ts';
import type { Project } from './project-input.ts';
import type { ProjectTests } from './project-tests.ts';

/**
 * What became of a candidate. `passes`: everything passes. `improves`: some of the failing cases pass and nothing else
 * broke. `timed_out`: its tests did not end in time, not even alone with twice the time. `fails`: the rest. Plain data,
 * recorded in the ledger.
 */
export const verdictSchema = z.strictObject({
  id: z.string(),
  verdict: z.enum(['passes', 'improves', 'fails', 'timed_out']),
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

/**
 * Tries candidates in clones, several at a time; the verdicts come in the order of the candidates, whatever the order of
 * completion. One that runs out of time is tried again at the end, alone: beside others it may only have been slow.
 */
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
      verdicts[index] = await tryOne(tests, { ...trial, patience: 1 }, clone, candidate);
      trial.tried();
    }
  };
  const crews = await Promise.allSettled(Array.from({ length: Math.min(workers, candidates.length) }, work));
  const broken = crews.find((crew) => crew.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
  await tryLateAgain(tests, trial, candidates, verdicts);
  return verdicts;
}

async function tryLateAgain(
  tests: ProjectTests,
  trial: Trial,
  candidates: readonly Candidate[],
  verdicts: Verdict[],
): Promise<void> {
  const late = [...candidates.entries()].filter(([index]) => verdicts[index]?.verdict === 'timed_out');
  if (late.length === 0) return;
  await using clone = await tests.checkout(trial.project, trial.tree, trial.traceId);
  for (const [index, candidate] of late) {
    trial.signal.throwIfAborted();
    verdicts[index] = await tryOne(tests, { ...trial, patience: 2 }, clone, candidate);
  }
}

/** A trial with what its time limit is multiplied by. */
interface TimedTrial extends Trial {
  readonly patience: number;
}

async function tryOne(tests: ProjectTests, trial: TimedTrial, clone: Clone, { id, edit }: Candidate): Promise<Verdict> {
  const content = applyEdit(trial.sources.get(edit.file) ?? '', edit);
  await clone.reset([{ path: edit.file, content }]);
  const judgement = (await judgeProbe(tests, trial, clone)) ?? (await judgeWhole(tests, trial, clone));
  if (!(await clone.isPristine())) await clone.restore();
  return { id, ...judgement };
}

type Judgement = Omit<Verdict, 'id'>;
const HOPELESS: Judgement = { verdict: 'fails', fixed: 0 };
const LATE: Judgement = { verdict: 'timed_out', fixed: 0 };

/** Ids of the cases that fail every time, sorted. */
function failingCases({ cases, flaky }: TestResult): readonly string[] {
  return cases.filter(({ status, id }) => status === 'failed' && !flaky.includes(id)).map(({ id }) => id);
}

/**
 * The verdict of the first failing case, run by itself: most edits end here. With two faults, the edit for the other one has
 * its turn when the first is mended. `undefined` when it passes, or when the runner cannot run a case by itself.
 */
async function judgeProbe(tests: ProjectTests, trial: TimedTrial, clone: Clone): Promise<Judgement | undefined> {
  const probe = probeOf(trial);
  if (probe === undefined) return undefined;
  const result = await run(tests, trial, clone, probe.command, [probe.selection]);
  if (result.outcome === 'timeout') return LATE;
  return passesNow(probe.id, result.cases) ? undefined : HOPELESS;
}

interface Probe {
  readonly id: string;
  readonly command: TestCommand;
  readonly selection: TestSelection;
}

function probeOf({ failing, project }: Trial): Probe | undefined {
  const target = new Set(failingCases(failing));
  for (const testCase of failing.cases) {
    const selection = target.has(testCase.id) ? selectionOf(testCase) : undefined;
    const command = selection === undefined ? undefined : project.commands.find((each) => canSelect(each, selection));
    if (selection !== undefined && command !== undefined) return { id: testCase.id, command, selection };
  }
  return undefined;
}

function canSelect({ runner, directory }: TestCommand, { file }: TestSelection): boolean {
  return runner !== 'command' && (directory === '.' || file.startsWith(`${directory}/`));
}

/** The whole suite: an edit that mends one case and breaks another is none, and so is one that makes cases disappear. */
async function judgeWhole(tests: ProjectTests, trial: TimedTrial, clone: Clone): Promise<Judgement> {
  const cases: TestCase[] = [];
  for (const command of trial.project.commands) {
    const result = await run(tests, trial, clone, command, []);
    if (result.outcome === 'timeout') return LATE;
    if (result.outcome !== 'passed' && result.outcome !== 'failed') return HOPELESS;
    cases.push(...result.cases);
  }
  const target = failingCases(trial.failing);
  const fixed = target.filter((id) => passesNow(id, cases)).length;
  if (fixed === 0 || breaks(trial.failing, cases)) return { verdict: 'fails', fixed };
  return { verdict: fixed === target.length ? 'passes' : 'improves', fixed };
}

function breaks(before: TestResult, cases: readonly TestCase[]): boolean {
  const after = new Map(cases.map(({ id, status }) => [id, status]));
  const wasFailing = new Set(before.cases.filter(({ status }) => status === 'failed').map(({ id }) => id));
  const wasPassing = before.cases.filter(({ status }) => status === 'passed').map(({ id }) => id);
  const known = new Set(before.flaky);
  const lost = wasPassing.some((id) => !known.has(id) && after.get(id) !== 'passed');
  const isNew = ({ id, status, file }: TestCase): boolean =>
    status === 'failed' && !wasFailing.has(id) && !wasFailing.has(file ?? '') && !known.has(id);
  return lost || cases.some(isNew);
}

async function run(
  tests: ProjectTests,
  trial: TimedTrial,
  clone: Clone,
  command: TestCommand,
  selection: readonly TestSelection[],
): Promise<TestResult> {
  const { project, traceId, signal } = trial;
  const limits = { wallTimeMs: trial.patience * trialTimeoutMs(trial.failing, project) };
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
