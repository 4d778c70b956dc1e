import type { Agent, AgentContext } from '@vltair/core';
import {
  agentError,
  agentResult,
  failure,
  type AgentError,
  type AgentResult,
  type AgentTask,
  type CoverageHint,
  type Failure,
  type TestResult,
} from '@vltair/protocol';
import { z } from 'zod';
import { actionsOf, type ActionDefinition } from './agent-actions.ts';
import { parseInput, projectSchema } from './project-input.ts';
import type { ProjectTests } from './project-tests.ts';
import { problemOfRun, recordTestRun, REPEAT, signalOfRun } from './record-test-run.ts';

const inputSchema = z.strictObject({
  /** `reproduce`: measure coverage and look for flaky cases. `validate`: only run. `run`: a failing suite is an error. */
  action: z.enum(['reproduce', 'validate', 'run']),
  project: projectSchema,
  /** Only these files, relative to the project; absent: everything. */
  paths: z.array(z.string().min(1)).exactOptional(),
});

const countSchema = z.int().nonnegative();
const definition: ActionDefinition = {
  input: inputSchema,
  output: z.strictObject({
    passed: countSchema,
    failed: countSchema,
    skipped: countSchema,
    /** Ids of the cases that fail only sometimes. */
    flaky: z.array(z.string()),
  }),
  signals: ['passed', 'test_failed', 'flaky'],
};

/** Runs the tests of a project in the sandbox, over a clone of the run's tree, and reports what they say. */
export function createTestExec(tests: ProjectTests): Agent {
  return {
    name: 'test-exec',
    version: '1',
    description: 'Runs the tests of a project in the sandbox and reports each case.',
    ...actionsOf({ reproduce: definition, validate: definition, run: { ...definition, signals: ['passed'] } }),
    run: async (task, context) => await testExec(tests, task, context),
  };
}

async function testExec(
  tests: ProjectTests,
  task: AgentTask,
  context: AgentContext,
): Promise<AgentResult | AgentError> {
  const { action, project, paths = [] } = parseInput(inputSchema, task);
  const selection = [...new Set(paths)].toSorted().map((file) => ({ file }));
  const isReproduction = action === 'reproduce';
  const order = { selection, repeat: isReproduction ? REPEAT : 1, coverage: isReproduction };
  const { result, coverage } = await recordTestRun(tests, context, project, order);
  return report(task, context, action, result, coverage === undefined ? [] : [coverage]);
}

function report(
  task: AgentTask,
  context: AgentContext,
  action: 'reproduce' | 'validate' | 'run',
  result: TestResult,
  coverage: readonly CoverageHint[],
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
      signal: signalOfRun(result),
      output: { ...counts, flaky: result.flaky },
      artifacts: [result, ...withCoverage(coverage)],
    },
  });
}

const LOG_CHARACTERS = 4_000;

/** What ends the attempt with an error instead of a signal. */
function problemOf(result: TestResult, action: string): Failure | undefined {
  if (action === 'run' && result.outcome === 'failed')
    return failure('test_failed/tests', { detail: `${countCases(result).failed} failing` });
  return problemOfRun(result);
}

export function countCases({ cases }: TestResult): { passed: number; failed: number; skipped: number } {
  const count = (status: string): number => cases.filter((each) => each.status === status).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}

/** A hint without a failing test locates nothing; the template of the next node still needs one. */
function withCoverage(coverage: readonly CoverageHint[]): readonly CoverageHint[] {
  return coverage.length > 0 ? coverage : [{ kind: 'coverage_hint', failing: [], passing: [] }];
}
