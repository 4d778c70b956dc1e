import type { TestResult } from '@vltair/protocol';

type TestCase = TestResult['cases'][number];

/** Why a case fails, as its runner says it: the log has no secrets of it. */
export interface FailingCase {
  readonly id: string;
  /** At most 2,000 characters, like `expected` and `actual`. */
  readonly message?: string;
  /** Where it failed: the innermost line of the case's own file, else where the case begins. Relative to the project. */
  readonly file?: string;
  readonly line?: number;
  readonly expected?: string;
  readonly actual?: string;
}

const LONGEST = 2_000;

/** The cases that failed, in the order of the result. */
export function failingCasesOf({ cases }: TestResult): readonly FailingCase[] {
  return cases.filter(({ status }) => status === 'failed').map(describe);
}

function describe(testCase: TestCase): FailingCase {
  const { id, message, expected, actual } = testCase;
  return {
    id,
    ...(message === undefined ? {} : { message: bounded(message) }),
    ...placeOf(testCase),
    ...(expected === undefined || actual === undefined ? {} : { expected: bounded(expected), actual: bounded(actual) }),
  };
}

function placeOf({ file, line, stack = [] }: TestCase): Pick<FailingCase, 'file' | 'line'> {
  const frame = stack.find((each) => file === undefined || each.file === file);
  if (frame !== undefined) return { file: frame.file, line: frame.line };
  return { ...(file === undefined ? {} : { file }), ...(line === undefined ? {} : { line }) };
}

function bounded(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST).toWellFormed()}…`;
}
