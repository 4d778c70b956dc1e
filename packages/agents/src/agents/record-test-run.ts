import type { AgentContext, EffectCall } from '@vltair/core';
import {
  coverageHintSchema,
  failure,
  sanitizeArtifact,
  testResultSchema,
  VltairError,
  wellFormed,
  type Failure,
  type Json,
  type TestResult,
} from '@vltair/protocol';
import { z } from 'zod';
import { mergeTestRuns } from '../test-runners/merge-runs.ts';
import type { TestRun } from '../test-runners/run-tests.ts';
import { treeOf, type Project } from './project-input.ts';
import type { ProjectTests } from './project-tests.ts';

/** Executions of a failing case that decide whether it is flaky. */
export const REPEAT = 3;

export interface TestRunOrder {
  /** Only these files, relative to the project; empty: everything. */
  readonly selection: readonly { readonly file: string }[];
  readonly repeat: number;
  readonly coverage: boolean;
}

const recordedSchema = z.strictObject({ result: testResultSchema, coverage: coverageHintSchema.exactOptional() });
export type RecordedTestRun = z.infer<typeof recordedSchema>;

/** Runs all suites of a project over the attempt's tree as one repeatable effect; what they print is recorded without secrets. */
export async function recordTestRun(
  tests: ProjectTests,
  context: AgentContext,
  project: Project,
  order: TestRunOrder,
): Promise<RecordedTestRun> {
  const tree = treeOf(context);
  const summary = describe(project);
  context.progress({ message: `running ${summary}` });
  const value = await context.effect(
    {
      name: 'run tests',
      arguments: { tree, commands: project.commands, ...order, selection: [...order.selection] },
      summary,
      policy: 'repeatable',
      clocks: { total: project.testTimeoutMs * (order.repeat + 1) * project.commands.length + OVERHEAD_MS },
    },
    async (call) => await runAll(tests, project, { ...order, tree, traceId: context.traceId, call }),
  );
  return recordedSchema.parse(value);
}

/** Clones, links and ends what a run of the tests needs besides the tests themselves. */
const OVERHEAD_MS = 60_000;

interface Execution extends TestRunOrder {
  readonly tree: string;
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

function describe({ commands }: Project): string {
  const names = commands.map(({ runner, directory }) => (directory === '.' ? runner : `${runner} in ${directory}`));
  if (names.length === 0) throw new VltairError('not_found/tests');
  return names.join(', ');
}

/** Why a run says nothing about single cases; undefined for one that does, whether they pass or fail. */
export function problemOfRun(result: TestResult): Failure | undefined {
  const detail = result.reason ?? result.command.join(' ');
  switch (result.outcome) {
    case 'passed':
    case 'failed':
      return undefined;
    case 'no_tests':
      return failure('not_found/tests', { detail });
    case 'timeout':
      return failure('timeout/wall', { detail });
    case 'error':
      if (result.error !== undefined) return failure(result.error.reason, { ...result.error, detail });
      return failure(result.exitCode === 127 ? 'not_found/test_runner' : 'test_failed/runner', { detail });
  }
}

/** `flaky` when every failure comes and goes: there is nothing that a repair could be checked against. */
export function signalOfRun(result: TestResult): 'passed' | 'test_failed' | 'flaky' {
  if (result.outcome === 'passed') return 'passed';
  const steady = result.cases.filter(({ status, id }) => status === 'failed' && !result.flaky.includes(id));
  return steady.length > 0 || result.flaky.length === 0 ? 'test_failed' : 'flaky';
}
