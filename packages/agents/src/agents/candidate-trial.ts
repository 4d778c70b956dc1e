import type { TestCase, TestResult } from '@vltair/protocol';
import { z } from 'zod';
import type { Candidate } from '../repair/index.ts';
import { passesNow, selectionOf, type TestCommand, type TestSelection } from '../test-runners/test-command.ts';
import type { Project } from './project-input.ts';
import type { Bounds, Probe, TrialBench, TrialCrew, TrialSubject } from './trial-bench.ts';

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
  readonly signal: AbortSignal;
  /** Called after each candidate. */
  readonly tried: () => void;
}

/**
 * Tries candidates on the benches of a crew, several at a time; the verdicts come in the order of the candidates, whatever the
 * order of completion. One that runs out of time is tried again at the end, alone: beside others it may only have been slow.
 */
export async function tryCandidates(
  crew: TrialCrew,
  trial: Trial,
  candidates: readonly Candidate[],
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  const queue = candidates.entries();
  const work = async (_: unknown, at: number): Promise<void> => {
    const bench = await crew.bench(at);
    for (const [index, candidate] of queue) {
      trial.signal.throwIfAborted();
      verdicts[index] = await tryOne(bench, { ...crew.subject, ...trial, patience: 1 }, candidate);
      trial.tried();
    }
  };
  const crews = await Promise.allSettled(Array.from({ length: Math.min(crew.size, candidates.length) }, work));
  const broken = crews.find((each) => each.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
  await tryLateAgain(crew, trial, candidates, verdicts);
  return verdicts;
}

async function tryLateAgain(
  crew: TrialCrew,
  trial: Trial,
  candidates: readonly Candidate[],
  verdicts: Verdict[],
): Promise<void> {
  const late = [...candidates.entries()].filter(([index]) => verdicts[index]?.verdict === 'timed_out');
  for (const [index, candidate] of late) {
    trial.signal.throwIfAborted();
    verdicts[index] = await tryOne(await crew.bench(0), { ...crew.subject, ...trial, patience: 2 }, candidate);
  }
}

/** A trial with what its time limit is multiplied by. */
interface TimedTrial extends Trial, TrialSubject {
  readonly patience: number;
}

async function tryOne(bench: TrialBench, trial: TimedTrial, candidate: Candidate): Promise<Verdict> {
  await bench.place(candidate);
  const judgement = (await judgeProbe(bench, trial)) ?? (await judgeWhole(bench, trial));
  return { id: candidate.id, ...judgement };
}

type Judgement = Omit<Verdict, 'id'>;
const HOPELESS: Judgement = { verdict: 'fails', fixed: 0 };
const LATE: Judgement = { verdict: 'timed_out', fixed: 0 };

/** Ids of the cases that fail every time, sorted. */
function failingCases({ cases, flaky }: TestResult): readonly string[] {
  return cases.filter(({ status, id }) => status === 'failed' && !flaky.includes(id)).map(({ id }) => id);
}

/**
 * The verdict of one failing case, run by itself: most edits end here. With two faults, the edit for the other one has its turn
 * when the first is mended. `undefined` when it passes, or when the runner cannot run a case by itself.
 */
async function judgeProbe(bench: TrialBench, trial: TimedTrial): Promise<Judgement | undefined> {
  const probe = probeOf(trial);
  if (probe === undefined) return undefined;
  const wallTimeMs = probeTimeoutMs(probe, trial);
  const isAlone = trial.patience > 1;
  // Alone it is the processor time that decides, which a busy machine does not take away.
  const result = isAlone
    ? await bench.run(probe.command, [probe.selection], {
        ...boundsOf(trial),
        cpuSeconds: 1 + Math.ceil(wallTimeMs / 1000),
      })
    : await bench.runProbe(probe, { wallTimeMs, signal: trial.signal });
  if (result.outcome === 'timeout') return LATE;
  return passesNow(probe.id, result.cases) ? undefined : HOPELESS;
}

/** The failing case whose file took the least time: most runners load the whole file for it. Of equals the first. */
export function probeOf({ failing, project }: TrialSubject): Probe | undefined {
  const target = new Set(failingCases(failing));
  const probes = failing.cases.flatMap((testCase) => {
    const selection = target.has(testCase.id) ? selectionOf(testCase) : undefined;
    const command = selection === undefined ? undefined : project.commands.find((each) => canSelect(each, selection));
    return selection === undefined || command === undefined ? [] : [{ id: testCase.id, command, selection }];
  });
  const costs = new Map(
    [...new Set(probes.map(({ selection }) => selection.file))].map(
      (file) => [file, fileCostMs(file, failing)] as const,
    ),
  );
  const costOf = ({ selection }: Probe): number => costs.get(selection.file) ?? 0;
  return probes.toSorted((left, right) => costOf(left) - costOf(right))[0];
}

/** What the cases of a file took together. */
function fileCostMs(wanted: string, { cases }: TestResult): number {
  return cases.reduce((sum, { file, durationMs = 0 }) => (file === wanted ? sum + durationMs : sum), 0);
}

function canSelect({ runner, directory }: TestCommand, { file }: TestSelection): boolean {
  return runner !== 'command' && (directory === '.' || file.startsWith(`${directory}/`));
}

/** The whole suite: an edit that mends one case and breaks another is none, and so is one that makes cases disappear. */
async function judgeWhole(bench: TrialBench, trial: TimedTrial): Promise<Judgement> {
  const cases: TestCase[] = [];
  for (const command of trial.project.commands) {
    const result = await bench.run(command, [], boundsOf(trial));
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

function boundsOf({ patience, failing, project, signal }: TimedTrial): Bounds {
  return { wallTimeMs: patience * trialTimeoutMs(failing, project), signal };
}

const SHORTEST_PROBE_MS = 2_000;

/** The same for a probe, which runs one file: many edits of loops never end, and waiting for them is a search's time. */
function probeTimeoutMs({ selection: { file } }: Probe, { failing, project }: TrialSubject): number {
  const inCases = failing.cases.reduce((sum, { durationMs = 0 }) => sum + durationMs, 0);
  // Starting the runner, transforming and loading: no case's own time.
  const besidesMs = Math.max(0, failing.durationMs - inCases);
  const limit = SHORTEST_PROBE_MS + 5 * fileCostMs(file, failing) + 3 * besidesMs;
  return Math.min(trialTimeoutMs(failing, project), Math.ceil(limit));
}

const SHORTEST_TRIAL_MS = 5_000;

/** An edit can make a test run for ever; one that takes much longer than the failing suite did is given up. */
export function trialTimeoutMs(failing: TestResult, project: Project): number {
  return Math.min(project.testTimeoutMs, Math.max(SHORTEST_TRIAL_MS, Math.round(3 * failing.durationMs) + 2_000));
}
