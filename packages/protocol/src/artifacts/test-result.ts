import { z } from 'zod';
import { reasonSchema } from '../failure-schema.ts';

/** One frame of a stack trace. `file` is relative to the workspace root where it lies inside, else as the runner printed it. */
export const stackFrameSchema = z.strictObject({
  file: z.string().min(1),
  /** 1-based. */
  line: z.int().positive(),
  /** 1-based; absent where the language gives none. */
  column: z.int().positive().optional(),
  function: z.string().optional(),
});
export type StackFrame = z.infer<typeof stackFrameSchema>;

/** One test case as its runner reported it. */
export const testCaseSchema = z.strictObject({
  /** Stable across runs and machines: file, then the titles from the outermost suite inwards, joined by ` > `. */
  id: z.string().min(1),
  title: z.string(),
  /** Relative to the workspace root; absent when the runner does not say (a bare exit code). */
  file: z.string().optional(),
  line: z.int().positive().optional(),
  status: z.enum(['passed', 'failed', 'skipped']),
  durationMs: z.number().nonnegative().optional(),
  /** The runner's own words for a failure, without escape sequences. */
  message: z.string().optional(),
  /** The values that an assertion compared, printed, where the runner tells them apart from the message. */
  expected: z.string().optional(),
  actual: z.string().optional(),
  /** Innermost first, frames outside the workspace left out. */
  stack: z.array(stackFrameSchema).optional(),
});
export type TestCase = z.infer<typeof testCaseSchema>;

/** The lines of one file that ran at least once. `file` is relative to the workspace root; lines are 1-based, ascending. */
export const coveredLinesSchema = z.strictObject({
  file: z.string().min(1),
  lines: z.array(z.int().positive()),
});
export type CoveredLines = z.infer<typeof coveredLinesSchema>;

export const testRunners = ['vitest', 'jest', 'mocha', 'node-test', 'tape', 'pytest', 'unittest', 'command'] as const;

/** Artifact `test_result`: one execution of a test command. */
export const testResultSchema = z.strictObject({
  kind: z.literal('test_result'),
  runner: z.enum(testRunners),
  /** The command as it ran, program and arguments. */
  command: z.array(z.string()).min(1),
  outcome: z.enum(['passed', 'failed', 'no_tests', 'timeout', 'error']),
  /** One sentence when the outcome is `error`, `timeout` or `no_tests`: what happened and where. */
  reason: z.string().optional(),
  /** Of the outcome `error`, where an entry of the error catalogue tells more than `test_failed/runner`: which, and in what files. */
  error: z.strictObject({ reason: reasonSchema, where: z.string().exactOptional() }).exactOptional(),
  exitCode: z.int(),
  durationMs: z.number().nonnegative(),
  /** Sorted by id. */
  cases: z.array(testCaseSchema),
  /** Ids of cases whose status differed between repetitions, sorted. */
  flaky: z.array(z.string()),
  /** The end of the runner's combined output, bounded. */
  log: z.string(),
});
export type TestResult = z.infer<typeof testResultSchema>;

/** Artifact `coverage_hint`: which lines ran in the failing tests and which in the passing ones, for fault localisation. */
export const coverageHintSchema = z.strictObject({
  kind: z.literal('coverage_hint'),
  /** One entry per failing test file or case that could be run by itself, in order of `test`. */
  failing: z.array(z.strictObject({ test: z.string(), covered: z.array(coveredLinesSchema) })),
  passing: z.array(z.strictObject({ test: z.string(), covered: z.array(coveredLinesSchema) })),
});
export type CoverageHint = z.infer<typeof coverageHintSchema>;
