import { existsSync, realpathSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { CoverageHint, TestCase, TestResult } from '@vltair/protocol';
import type { Sandbox, SandboxLimits, SandboxResult } from '@vltair/sandbox';
import { coverageHint } from './coverage-hint.ts';
import { decideOutcome } from './outcome.ts';
import { plainText } from './parse/escape-sequences.ts';
import { parseReportLines, type Report } from './parse/report.ts';
import { workspacePaths } from './parse/workspace-paths.ts';
import { readCommandReport } from './runners/command.ts';
import { runnerAdapters } from './runners/registry.ts';
import type { Invocation } from './runners/runner-adapter.ts';
import { SupportDirectory } from './support-directory.ts';
import { compareText, isSelected, observedCases, unfinishedCases, type ObservedCase } from './test-cases.ts';
import { selectionOf, type TestCommand, type TestSelection } from './test-command.ts';
import {
  resolveNode,
  resolvePython,
  restorePath,
  testEnvironment,
  type Environment,
  type Toolchain,
} from './toolchain.ts';

export interface TestRunRequest {
  readonly sandbox: Sandbox;
  /** The workspace's clone; the tests may write in it. */
  readonly directory: string;
  readonly command: TestCommand;
  /** Host paths that the tests may read besides the toolchain: installed dependencies that the clone links to. */
  readonly readOnlyPaths?: readonly string[];
  /** Only these files or cases; absent or empty means everything. */
  readonly selection?: readonly TestSelection[];
  readonly limits: SandboxLimits;
  /** Runs of each failing case in all, at least 1; a case whose verdicts differ is flaky. Default: 1. */
  readonly repeat?: number;
  /** Measure what each case runs. Default: false. */
  readonly coverage?: boolean;
  readonly traceId: string;
  readonly signal?: AbortSignal;
  /** The environment of the person who started us. Default: this process's. */
  readonly environment?: Environment;
  /** Where VLTAIR is installed: PATH entries below it are not the user's. Default: this package's repository. */
  readonly installation?: string;
  readonly mode?: 'strict' | 'best-effort';
}

export interface TestRun {
  readonly result: TestResult;
  /** Present when `coverage` was asked for and the runner gives any. */
  readonly coverage?: CoverageHint;
  /** Which node or python ran the tests and why that one. */
  readonly toolchain: string;
}

const ourInstallation = join(import.meta.dirname, '..', '..', '..', '..');
const longestLog = 16_000;

/**
 * Runs the tests of one package in the sandbox and reads what the runner reported. Resolves for everything that tests can
 * do: hang, crash, print junk, delete their own tree. Rejects only when the sandbox refuses the request itself.
 *
 * For the same tree the result is the same, apart from durations.
 */
export async function runTests(request: TestRunRequest): Promise<TestRun> {
  const prepared = prepare(request);
  if (prepared.missing !== undefined) return refusal(request, prepared, prepared.missing);
  const first = await execute(request, prepared, request.selection ?? []);
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

interface Prepared {
  readonly environment: Record<string, string>;
  readonly toolchain: Toolchain;
  /** Why the runner cannot be started at all. */
  readonly missing?: string;
}

function prepare(request: TestRunRequest): Prepared {
  const { command, directory } = request;
  const restored = restorePath(request.environment ?? process.env, request.installation ?? ourInstallation);
  const { language } = runnerAdapters[command.runner];
  const workingDirectory = join(directory, command.directory);
  const toolchain = language === 'python' ? resolvePython(workingDirectory, restored) : resolveNode(restored);
  const environment = { ...testEnvironment(restored, request.coverage ?? false), ...command.environment };
  const isMissing = command.script !== undefined && !existsSync(join(workingDirectory, command.script));
  const missing = isMissing
    ? `${command.runner} is not installed: ${join(command.directory, command.script ?? '')} does not exist`
    : undefined;
  return { environment, toolchain, ...(missing === undefined ? {} : { missing }) };
}

interface Execution {
  readonly argv: readonly [string, ...string[]];
  readonly sandbox: SandboxResult;
  readonly report: Report;
  readonly observed: readonly ObservedCase[];
  readonly unfinished: readonly TestCase[];
  readonly othersFailed: boolean;
}

async function execute(
  request: TestRunRequest,
  prepared: Prepared,
  selection: readonly TestSelection[],
): Promise<Execution> {
  const { command, directory } = request;
  const coverage = request.coverage ?? false;
  using support = new SupportDirectory(directory, command.directory, { coverage, selection });
  const own = selection.map((entry) => ({ ...entry, file: relative(command.directory, entry.file) }));
  const invocation = runnerAdapters[command.runner].invoke({
    command,
    program: prepared.toolchain.program,
    selection: own,
    coverage,
  });
  const hostRoots = [directory, realpathSync(directory)];
  const sandbox = await request.sandbox.run(sandboxRequest(request, prepared, invocation));
  const report = readReport(command, support, sandbox);
  const roots = [...hostRoots, ...(report.root === undefined ? [] : [report.root])];
  const paths = workspacePaths(roots, command.directory);
  const all = observedCases(report, paths);
  const [observed, others] = partition(all, ({ testCase }) => isSelected(testCase, selection));
  const isCutShort = sandbox.status !== 'OK' || !report.isComplete;
  const unfinished = isCutShort ? unfinishedCases(report, all, paths, `it did not finish: ${sandbox.reason}`) : [];
  const othersFailed = others.some(({ testCase }) => testCase.status === 'failed');
  return { argv: invocation.argv, sandbox, report, observed, unfinished, othersFailed };
}

function sandboxRequest(
  request: TestRunRequest,
  prepared: Prepared,
  { argv, environment }: Invocation,
): Parameters<Sandbox['run']>[0] {
  const { command, directory, limits, traceId, signal, mode } = request;
  const pythonPath = [environment?.['PYTHONPATH'], prepared.environment['PYTHONPATH']]
    .filter((path) => path !== undefined)
    .join(':');
  return {
    argv,
    workDirectory: directory,
    cwd: command.directory,
    readOnlyPaths: [...new Set([...prepared.toolchain.readOnlyPaths, ...(request.readOnlyPaths ?? [])])].toSorted(),
    environment: { ...prepared.environment, ...environment, ...(pythonPath === '' ? {} : { PYTHONPATH: pythonPath }) },
    limits,
    traceId,
    ...(signal === undefined ? {} : { signal }),
    ...(mode === undefined ? {} : { mode }),
  };
}

function readReport(command: TestCommand, support: SupportDirectory, sandbox: SandboxResult): Report {
  if (command.runner !== 'command') return parseReportLines(support.readReport('report.jsonl'));
  const title = command.arguments.at(-1) ?? 'command';
  return readCommandReport(support.readReport('report'), sandbox.stdout, sandbox.exitCode, title);
}

/** Runs the failing cases again, by themselves, and names those that did not fail every time. */
async function flakyCases(request: TestRunRequest, prepared: Prepared, cases: readonly TestCase[]): Promise<string[]> {
  const failed = cases.filter(({ status }) => status === 'failed');
  const selection = failed.map(selectionOf).filter((entry) => entry !== undefined);
  const flaky = new Set<string>();
  if (failed.length === 0) return [];
  for (let run = 1; run < (request.repeat ?? 1) && request.signal?.aborted !== true; run += 1) {
    const again = await execute(
      { ...request, coverage: false },
      prepared,
      request.command.runner === 'command' ? [] : selection,
    );
    const passed = new Set(
      again.observed.filter(({ testCase }) => testCase.status === 'passed').map(({ testCase }) => testCase.id),
    );
    for (const { id } of failed) if (passed.has(id)) flaky.add(id);
  }
  return [...flaky].toSorted();
}

function refusal({ command, traceId }: TestRunRequest, { toolchain }: Prepared, reason: string): TestRun {
  const argv = [toolchain.program, command.script ?? command.runner];
  const log = `[sandbox] traceId=${traceId} duration_ms=0\n${reason}`;
  const result: TestResult = {
    kind: 'test_result',
    runner: command.runner,
    command: argv,
    outcome: 'error',
    reason,
    exitCode: 127,
    durationMs: 0,
    cases: [],
    flaky: [],
    log,
  };
  return { result, toolchain: toolchain.why };
}

/** The combined output behind one line that says whose it is (AR-13); its end, where runners put their summary. */
function boundedLog({ traceId, durationMs, stdout, stderr }: SandboxResult): string {
  const output = plainText([stdout, stderr].filter((text) => text !== '').join('\n'));
  return `[sandbox] traceId=${traceId} duration_ms=${Math.round(durationMs)}\n${output.slice(-longestLog).toWellFormed()}`;
}

function partition<T>(values: readonly T[], belongs: (value: T) => boolean): [T[], T[]] {
  return [values.filter(belongs), values.filter((value) => !belongs(value))];
}
