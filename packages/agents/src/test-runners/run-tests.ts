import type { CoverageHint, TestCase, TestResult } from '@vltair/protocol';
import type { SandboxResult } from '@vltair/sandbox';
import { coverageHint } from './coverage-hint.ts';
import { decideOutcome } from './outcome.ts';
import { plainText } from './parse/escape-sequences.ts';
import { compareText } from './test-cases.ts';
import { selectionOf } from './test-command.ts';
import { execute, prepare, type Prepared, type Refused } from './test-execution.ts';
import type { TestRunRequest } from './test-run-request.ts';

export interface TestRun {
  readonly result: TestResult;
  /** Present when `coverage` was asked for and the runner gives any. */
  readonly coverage?: CoverageHint;
  /** Which node or python ran the tests and why that one. */
  readonly toolchain: string;
}

const longestLog = 16_000;

/**
 * Runs the tests of one package in the sandbox and reads what the runner reported. Resolves for everything that tests can
 * do: hang, crash, print junk, delete their own tree. Rejects only when the sandbox refuses the request itself.
 *
 * For the same tree the result is the same, apart from durations.
 */
export async function runTests(request: TestRunRequest): Promise<TestRun> {
  const prepared = prepare(request);
  if (prepared.refused !== undefined) return withoutRun(request, prepared, prepared.refused);
  const first = await execute(request, prepared, prepared.selection);
  const reported = first.observed.map(({ testCase }) => testCase);
  const verdict = decideOutcome({ ...first, cases: reported });
  const cases = [...reported, ...first.unfinished].toSorted((a, b) => compareText(a.id, b.id));
  const flaky = verdict.outcome === 'failed' ? await flakyCases(request, prepared, reported) : [];
  const hint = request.coverage === true ? coverageHint(first.observed) : undefined;
  const result: TestResult = {
    kind: 'test_result',
    runner: request.command.runner,
    command: [...first.argv],
    ...verdict,
    exitCode: first.sandbox.exitCode,
    durationMs: first.sandbox.durationMs,
    cases,
    flaky,
    log: boundedLog(first.sandbox),
  };
  return { result, toolchain: prepared.toolchain.why, ...(hint === undefined ? {} : { coverage: hint }) };
}

/** Runs the failing cases again, by themselves, and names those that did not fail every time. */
async function flakyCases(request: TestRunRequest, prepared: Prepared, cases: readonly TestCase[]): Promise<string[]> {
  const failed = cases.filter(({ status }) => status === 'failed');
  const selection = failed.map(selectionOf).filter((entry) => entry !== undefined);
  const flaky = new Set<string>();
  if (failed.length === 0) return [];
  for (let run = 1; run < (request.repeat ?? 1) && request.signal?.aborted !== true; run += 1) {
    const again = await execute({ ...request, coverage: false }, prepared, selection);
    const passed = new Set(
      again.observed.filter(({ testCase }) => testCase.status === 'passed').map(({ testCase }) => testCase.id),
    );
    for (const { id } of failed) if (passed.has(id)) flaky.add(id);
  }
  return [...flaky].toSorted();
}

/** The result when there is nothing that could be started. */
function withoutRun({ command, traceId }: TestRunRequest, { toolchain }: Prepared, refused: Refused): TestRun {
  const result: TestResult = {
    kind: 'test_result',
    runner: command.runner,
    command: [toolchain.program, command.script ?? command.runner],
    ...refused,
    durationMs: 0,
    cases: [],
    flaky: [],
    log: boundedLog({ traceId, durationMs: 0, stdout: refused.reason, stderr: '' }),
  };
  return { result, toolchain: toolchain.why };
}

/** The combined output behind one line that says whose it is (AR-13); its end, where runners put their summary. */
function boundedLog({
  traceId,
  durationMs,
  stdout,
  stderr,
}: Pick<SandboxResult, 'traceId' | 'durationMs' | 'stdout' | 'stderr'>): string {
  const output = plainText([stdout, stderr].filter((text) => text !== '').join('\n'));
  return `[sandbox] traceId=${traceId} duration_ms=${Math.round(durationMs)}\n${output.slice(-longestLog).toWellFormed()}`;
}
