import type { Agent, AgentContext, EffectCall } from '@vltair/core';
import {
  agentError,
  agentResult,
  coverageHintSchema,
  failure,
  sanitizeArtifact,
  testResultSchema,
  VltairError,
  wellFormed,
  type AgentError,
  type AgentResult,
  type AgentTask,
  type Failure,
  type Json,
  type TestResult,
} from '@vltair/protocol';
import { z } from 'zod';
import { mergeTestRuns } from '../test-runners/merge-runs.ts';
import type { TestRun } from '../test-runners/run-tests.ts';
import { parseInput, projectSchema, treeOf, type Project } from './project-input.ts';
import type { ProjectTests } from './project-tests.ts';

const inputSchema = z.strictObject({
  /** `reproduce`: measure coverage and look for flaky cases. `validate`: only run. `run`: a failing suite is an error. */
  action: z.enum(['reproduce', 'validate', 'run']),
  project: projectSchema,
  /** Only these files, relative to the project; absent: everything. */
  paths: z.array(z.string().min(1)).exactOptional(),
});

/** Executions of a failing case that decide whether it is flaky. */
const REPEAT = 3;

const effectValueSchema = z.strictObject({ result: testResultSchema, coverage: coverageHintSchema.exactOptional() });

/** Runs the tests of a project in the sandbox, over a clone of the run's tree, and reports what they say. */
export function createTestExec(tests: ProjectTests): Agent {
  return {
    name: 'test-exec',
    version: '1',
    description: 'Runs the tests of a project in the sandbox and reports each case.',
    run: async (task, context) => await testExec(tests, task, context),
  };
}

async function testExec(
  tests: ProjectTests,
  task: AgentTask,
  context: AgentContext,
): Promise<AgentResult | AgentError> {
  const { action, project, paths = [] } = parseInput(inputSchema, task);
  const tree = treeOf(context);
  const selection = [...new Set(paths)].toSorted().map((file) => ({ file }));
  const repeat = action === 'reproduce' ? REPEAT : 1;
  const coverage = action === 'reproduce';
  context.progress({ message: `running ${describe(project)}` });
  const value = await context.effect(
    {
      name: 'run tests',
      arguments: { tree, commands: project.commands, selection, repeat, coverage },
      summary: describe(project),
      policy: 'repeatable',
      clocks: { total: project.testTimeoutMs * (repeat + 1) * project.commands.length + OVERHEAD_MS },
    },
    async (call) => await runAll(tests, project, { tree, selection, repeat, coverage, traceId: context.traceId, call }),
  );
  const { result, coverage: hint } = effectValueSchema.parse(value);
  return report(task, context, action, result, hint === undefined ? [] : [hint]);
}

/** Clones, links and ends what a run of the tests needs besides the tests themselves. */
const OVERHEAD_MS = 60_000;

interface Execution {
  readonly tree: string;
  readonly selection: readonly { readonly file: string }[];
  readonly repeat: number;
  readonly coverage: boolean;
  readonly traceId: string;
  readonly call: EffectCall;
}

async function runAll(tests: ProjectTests, project: Project, execution: Execution): Promise<Json> {
  const { tree, selection, repeat, coverage, traceId, call } = execution;
  await using clone = await tests.checkout(project, tree, traceId);
  const runs: TestRun[] = [];
  for (const command of project.commands) {
    const limits = { wallTimeMs: project.testTimeoutMs };
    runs.push(
      await tests.run(project, clone, { command, selection, repeat, coverage, limits, traceId, signal: call.signal }),
    );
    call.signal.throwIfAborted();
    await clone.restore();
  }
  const merged = mergeTestRuns(runs);
  return wellFormed({ ...merged, result: sanitizeArtifact(merged.result, tests.redaction) });
}

function report(
  task: AgentTask,
  context: AgentContext,
  action: 'reproduce' | 'validate' | 'run',
  result: TestResult,
  coverage: readonly z.infer<typeof coverageHintSchema>[],
): AgentResult | AgentError {
  const envelope = { task, agent: 'test-exec', traceId: context.traceId };
  const problem = problemOf(result, action);
  if (problem !== undefined) {
    const diagnostics = { outcome: result.outcome, command: result.command, log: result.log.slice(-LOG_CHARACTERS) };
    return agentError({ ...envelope, failure: problem, diagnostics });
  }
  const counts = countCases(result);
  return agentResult({
    ...envelope,
    payload: {
      signal: signalOf(result),
      output: { ...counts, flaky: result.flaky },
      artifacts: [result, ...withCoverage(coverage)],
    },
  });
}

const LOG_CHARACTERS = 4_000;

/** What ends the attempt with an error instead of a signal. */
function problemOf(result: TestResult, action: string): Failure | undefined {
  const detail = result.reason ?? result.command.join(' ');
  switch (result.outcome) {
    case 'passed':
      return undefined;
    case 'failed':
      return action === 'run'
        ? failure('test_failed/tests', { detail: `${countCases(result).failed} failing` })
        : undefined;
    case 'no_tests':
      return failure('not_found/tests', { detail });
    case 'timeout':
      return failure('timeout/wall', { detail });
    case 'error':
      return failure(result.exitCode === 127 ? 'not_found/test_runner' : 'test_failed/runner', { detail });
  }
}

/** `flaky` when every failure comes and goes: there is nothing that a repair could be checked against. */
function signalOf(result: TestResult): 'passed' | 'test_failed' | 'flaky' {
  if (result.outcome === 'passed') return 'passed';
  const steady = result.cases.filter(({ status, id }) => status === 'failed' && !result.flaky.includes(id));
  return steady.length > 0 || result.flaky.length === 0 ? 'test_failed' : 'flaky';
}

export function countCases({ cases }: TestResult): { passed: number; failed: number; skipped: number } {
  const count = (status: string): number => cases.filter((each) => each.status === status).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}

/** A hint without a failing test locates nothing; the template of the next node still needs one. */
function withCoverage(
  coverage: readonly z.infer<typeof coverageHintSchema>[],
): readonly z.infer<typeof coverageHintSchema>[] {
  return coverage.length > 0 ? coverage : [{ kind: 'coverage_hint', failing: [], passing: [] }];
}

function describe({ commands }: Project): string {
  const names = commands.map(({ runner, directory }) => (directory === '.' ? runner : `${runner} in ${directory}`));
  if (names.length === 0) throw new VltairError('not_found/tests');
  return names.join(', ');
}
