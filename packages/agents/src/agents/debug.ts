import type { Agent, AgentContext } from '@vltair/core';
import {
  agentResult,
  coverageHintSchema,
  testResultSchema,
  type AgentResult,
  type AgentTask,
  type Finding,
  type TestResult,
} from '@vltair/protocol';
import { z } from 'zod';
import { protectedBy } from '../repair/protected-paths.ts';
import { rankLines, type SuspiciousLine } from '../repair/rank-lines.ts';
import { parseStack } from '../test-runners/parse/stack-trace.ts';
import { workspacePaths } from '../test-runners/parse/workspace-paths.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { actionsOf, type ActionDefinition } from './agent-actions.ts';
import { parseInput, projectSchema, treeOf } from './project-input.ts';
import { failingTestFiles } from './protected-files.ts';
import { readSources } from './sources.ts';

const failureSchema = z.union([
  z.strictObject({
    action: z.string(),
    testResult: testResultSchema,
    coverage: coverageHintSchema.exactOptional(),
    /** Whose protected files are no suspects. */
    project: projectSchema.exactOptional(),
  }),
  z.strictObject({ action: z.string(), errorLog: z.string().min(1) }),
]);
const inputSchema = z
  .looseObject({})
  .refine((payload) => 'testResult' in payload || 'errorLog' in payload, {
    message: 'or testResult is needed',
    path: ['errorLog'],
  })
  .pipe(failureSchema);

const definition: ActionDefinition = {
  input: inputSchema,
  described: failureSchema,
  output: z.strictObject({
    summary: z.string(),
    /** The most suspicious first. */
    suspects: z.array(z.strictObject({ file: z.string(), line: z.int().positive(), score: z.number() })),
  }),
  signals: ['success'],
};

/** Lines that are handed on; beyond these a search has no hope within its bounds. */
const MOST_SUSPECTS = 400;
const MOST_FINDINGS = 20;

type Suspect = Pick<SuspiciousLine, 'file' | 'line' | 'score'>;

/** Finds where the fault probably is: ranks the lines of the tree by what failing and passing tests ran and named. */
export function createDebug(workspace: Workspace): Agent {
  return {
    name: 'debug',
    version: '1',
    description: 'Ranks the lines that a failing test makes suspicious.',
    ...actionsOf({ localise: definition, run: definition }),
    run: async (task, context) => await debug(workspace, task, context),
  };
}

async function debug(workspace: Workspace, task: AgentTask, context: AgentContext): Promise<AgentResult> {
  const input = parseInput(inputSchema, task);
  const sources = await readSources(workspace, treeOf(context));
  const testResult = 'errorLog' in input ? resultOfLog(input.errorLog) : withoutFlaky(input.testResult);
  const coverage = 'coverage' in input && input.coverage !== undefined ? { coverage: input.coverage } : {};
  const known = 'project' in input ? (input.project?.protectedPaths ?? []) : [];
  const isProtected = protectedBy('errorLog' in input ? [] : [...known, ...failingTestFiles(testResult, sources)]);
  const suspects = rankLines({ testResult, sources, isProtected, ...coverage }).slice(0, MOST_SUSPECTS);
  const summary = summaryOf(testResult);
  const places = suspects.map(({ file, line, score }) => ({ file, line, score }));
  const findings = suspects.slice(0, MOST_FINDINGS).map(findingOf);
  return agentResult({
    task,
    agent: 'debug',
    traceId: context.traceId,
    payload: {
      output: { summary, suspects: places },
      artifacts: [
        { kind: 'analysis', summary, details: suspects.slice(0, MOST_FINDINGS).map(describe).join('\n'), findings },
      ],
      ...(places.length === 0 ? {} : { newTasks: [proposalTask(task, places)] }),
    },
  });
}

/** A flaky case tells nothing about where a steady fault is. */
function withoutFlaky(result: TestResult): TestResult {
  return { ...result, cases: result.cases.filter(({ id }) => !result.flaky.includes(id)) };
}

function resultOfLog(errorLog: string): TestResult {
  const stack = parseStack(errorLog, workspacePaths([], '.'));
  const message = errorLog.split('\n').find((line) => line.trim() !== '') ?? '';
  const failing = { id: 'error log', title: 'error log', status: 'failed' as const, message, stack };
  return {
    kind: 'test_result',
    runner: 'command',
    command: ['error log'],
    outcome: 'failed',
    exitCode: 1,
    durationMs: 0,
    cases: [failing],
    flaky: [],
    log: errorLog,
  };
}

/** What failures of this kind usually mean; the first that fits, the most telling first. */
const HEURISTICS: readonly { readonly pattern: RegExp; readonly meaning: string }[] = [
  { pattern: /index out of range|IndexError|RangeError/i, meaning: 'an index runs past an end' },
  {
    pattern: /undefined is not|Cannot read propert|NoneType|null/i,
    meaning: 'a value is missing where one is expected',
  },
  {
    pattern: /is not a function|has no attribute|is not defined|NameError/i,
    meaning: 'a name does not mean what the code expects',
  },
  { pattern: /Maximum call stack|RecursionError/i, meaning: 'a recursion does not end' },
  { pattern: /timed? ?out/i, meaning: 'something does not end in time' },
  { pattern: /assert|expected|to (?:be|equal)|!==|!=/i, meaning: 'a result differs from the expected one' },
];

function summaryOf({ cases }: TestResult): string {
  const failing = cases.filter(({ status }) => status === 'failed');
  const message = failing[0]?.message ?? '';
  const meaning = HEURISTICS.find(({ pattern }) => pattern.test(message))?.meaning ?? 'the failure is of no known kind';
  return `${failing.length} failing: ${meaning}`;
}

function findingOf(suspect: SuspiciousLine): Finding {
  const { file, line, why } = suspect;
  return { severity: 'warn', file, line, message: `suspicious (${suspect.score.toFixed(3)}): ${why}` };
}

function describe({ file, line, score, why }: SuspiciousLine): string {
  return `${file}:${line} ${score.toFixed(3)} ${why}`;
}

/** The search that the suspects call for: a task that runs as it stands, in the project that the failure came from. */
function proposalTask(task: AgentTask, suspects: readonly Suspect[]): AgentTask {
  const payload = { action: 'repair', suspects };
  return { type: 'AgentTask', id: `${task.id}:codegen`, protocolVersion: 1, agent: 'codegen', payload };
}
