import { existsSync, realpathSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { TestCase } from '@vltair/protocol';
import type { SandboxRequest } from '@vltair/sandbox';
import { parseReportLines, type Report } from './parse/report.ts';
import { workspacePaths } from './parse/workspace-paths.ts';
import { readCommandReport } from './runners/command.ts';
import type { CommandEnd } from './resident.ts';
import { runnerAdapters } from './runners/registry.ts';
import type { Invocation } from './runners/runner-adapter.ts';
import { SupportDirectory } from './support-directory.ts';
import { isSelected, observedCases, unfinishedCases, type ObservedCase } from './test-cases.ts';
import type { TestCommand, TestSelection } from './test-command.ts';
import type { TestRunRequest } from './test-run-request.ts';
import {
  isBelow,
  ourInstallation,
  resolveNode,
  resolvePython,
  restorePath,
  testEnvironment,
  type Toolchain,
} from './toolchain.ts';

/** What is the same for every execution of one request. */
export interface Prepared {
  readonly environment: Record<string, string>;
  readonly toolchain: Toolchain;
  /** What was asked for of this command's directory. */
  readonly selection: readonly TestSelection[];
  /** Why there is nothing to start. */
  readonly refused?: Refused;
}

export type Refused =
  | { readonly outcome: 'error'; readonly exitCode: 127; readonly reason: string }
  | { readonly outcome: 'no_tests'; readonly exitCode: 0; readonly reason: string };

export function prepare(request: TestRunRequest): Prepared {
  const { command, directory } = request;
  const restored = restorePath(request.environment ?? process.env, request.installation ?? ourInstallation);
  const { language } = runnerAdapters[command.runner];
  const workingDirectory = join(directory, command.directory);
  const toolchain = language === 'python' ? resolvePython(workingDirectory, restored) : resolveNode(restored);
  const environment = { ...testEnvironment(restored, request.coverage ?? false), ...command.environment };
  const asked = request.selection ?? [];
  const selection = asked.filter(({ file }) => isBelow(join(directory, file), workingDirectory));
  const refused = missingRunner(command, workingDirectory) ?? unselected(command, asked, selection);
  return { environment, toolchain, selection, ...(refused === undefined ? {} : { refused }) };
}

function missingRunner({ runner, script, directory }: TestCommand, workingDirectory: string): Refused | undefined {
  if (script === undefined || existsSync(join(workingDirectory, script))) return undefined;
  const reason = `${runner} is not installed: ${join(directory, script)} does not exist`;
  return { outcome: 'error', exitCode: 127, reason };
}

function unselected(
  { directory, runner }: TestCommand,
  asked: readonly TestSelection[],
  selection: readonly TestSelection[],
): Refused | undefined {
  if (asked.length === 0 || selection.length > 0 || runner === 'command') return undefined;
  return { outcome: 'no_tests', exitCode: 0, reason: `none of the selected tests lies in ${directory}` };
}

/** One execution of the command and what it said. */
export interface Execution {
  readonly argv: readonly [string, ...string[]];
  readonly sandbox: CommandEnd;
  readonly report: Report;
  readonly observed: readonly ObservedCase[];
  readonly unfinished: readonly TestCase[];
  readonly othersFailed: boolean;
  /** What the tests deleted under their own feet, if they did. */
  readonly deleted: readonly string[] | undefined;
}

/** Runs the command once in the sandbox. `selection` empty means everything; `command` always runs everything. */
export async function execute(
  request: TestRunRequest,
  prepared: Prepared,
  wanted: readonly TestSelection[],
): Promise<Execution> {
  const { command, directory } = request;
  const selection = command.runner === 'command' ? [] : wanted;
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
  const said = readReport(command, support, sandbox);
  const report = sandbox.status === 'OK' ? said : withoutEndsOfOurs(said);
  const roots = [...hostRoots, ...(report.root === undefined ? [] : [report.root])];
  const paths = workspacePaths(roots, command.directory);
  const all = observedCases(report, paths);
  const [observed, others] = partition(all, ({ testCase }) => isSelected(testCase, selection));
  const isCutShort = sandbox.status !== 'OK' || !report.isComplete;
  const unfinished = isCutShort ? unfinishedCases(report, all, paths, `it did not finish: ${sandbox.reason}`) : [];
  const othersFailed = others.some(({ testCase }) => testCase.status === 'failed');
  return { argv: invocation.argv, sandbox, report, observed, unfinished, othersFailed, deleted: support.deleted() };
}

function sandboxRequest(
  request: TestRunRequest,
  prepared: Prepared,
  { argv, environment }: Invocation,
): SandboxRequest {
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

/** The sandbox ended the processes of the files with the run: what was at work in them did not finish, and says so itself. */
function withoutEndsOfOurs(report: Report): Report {
  const started = new Set(report.started.map(({ file }) => file));
  return {
    ...report,
    loadErrors: report.loadErrors.filter(({ file, signal }) => !(signal !== undefined && started.has(file))),
  };
}

function readReport(command: TestCommand, support: SupportDirectory, sandbox: CommandEnd): Report {
  if (command.runner !== 'command') return parseReportLines(support.readLines());
  const title = command.arguments.at(-1) ?? 'command';
  return readCommandReport(support.readReport('report'), sandbox, title);
}

function partition<T>(values: readonly T[], belongs: (value: T) => boolean): [T[], T[]] {
  return [values.filter(belongs), values.filter((value) => !belongs(value))];
}
