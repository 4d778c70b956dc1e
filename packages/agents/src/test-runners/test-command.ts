import type { TestResult } from '@vltair/protocol';

export type TestRunner = TestResult['runner'];

/** How to run the tests of one package: what detection finds and what a person may give instead. Plain data. */
export interface TestCommand {
  readonly runner: TestRunner;
  /** Where it runs, relative to the workspace root. `.` for the root itself. */
  readonly directory: string;
  /** The runner's own script relative to `directory` for JavaScript runners (`node_modules/vitest/vitest.mjs`). */
  readonly script?: string;
  /** Options for Node itself (`--import tsx`), from the project's own test script. */
  readonly nodeOptions: readonly string[];
  /** The project's own arguments: files, patterns and options. For `command` the whole argv. */
  readonly arguments: readonly string[];
  /** Variables that the project's own test script sets. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A test to run by itself: a file, or one case in it. */
export interface TestSelection {
  /** Relative to the workspace root. */
  readonly file: string;
  /** Titles from the outermost suite inwards, joined by ` > `. Absent: the whole file. */
  readonly path?: string;
}

/** What selects this case again; undefined for a case without a file. */
export function selectionOf(testCase: {
  readonly id: string;
  readonly file?: string | undefined;
}): TestSelection | undefined {
  const { file, id } = testCase;
  if (file === undefined) return undefined;
  const path = id.startsWith(`${file} > `) ? id.slice(file.length + 3).replace(/ \(\d+\)$/, '') : undefined;
  return path === undefined ? { file } : { file, path };
}

/**
 * Whether what failed as `id` in an earlier run passes in these cases. A file that did not load has its own path as id and no
 * case of that name once it loads: it passes when all that it holds does.
 */
export function passesNow(id: string, cases: TestResult['cases']): boolean {
  const own = cases.find((testCase) => testCase.id === id);
  if (own !== undefined) return own.status === 'passed';
  const held = cases.filter(({ file }) => file === id);
  return held.some(({ status }) => status === 'passed') && held.every(({ status }) => status !== 'failed');
}

/** One name for a run of several tests, the same for any order of them. */
export function testRunName(inputs: readonly string[]): string {
  return inputs.length === 0 ? 'all tests' : [...new Set(inputs)].toSorted().join(', ');
}

/** A command given by a person: any shell line that prints TAP or JUnit XML, writes either to `$VLTAIR_TEST_REPORT`, or only exits. */
export function shellTestCommand(line: string): TestCommand {
  return { runner: 'command', directory: '.', nodeOptions: [], arguments: ['/bin/sh', '-c', line], environment: {} };
}
