import type { CoverageHint } from '@vltair/protocol';
import type { ObservedCase } from './test-cases.ts';

/**
 * Which lines ran in each failing case and in each passing one, from one run: our reporters measure every case by itself
 * inside the runner's own processes, so that no case has to run twice. Undefined when nothing was measured.
 *
 * Limits: code that runs while modules load belongs to no case (a wrong constant of a module has no line here); cases of
 * one file that run concurrently share their lines, and so do `it.each` cases of node 18 with the same innermost title;
 * child processes and worker threads of the code under test are not seen; a test of tape counts what the tests around it
 * had run; what it runs after its end belongs to the next; `command` measures nothing; a file that does not load has its
 * stack instead; jest runs on jest-circus while it is measured, whatever its configuration says; Python before 3.12 runs
 * several times slower while it is traced. Lines of a transformed file count only where its source map is inline. Comments
 * and closing lines inside of what ran count as run in JavaScript.
 */
export function coverageHint(observed: readonly ObservedCase[]): CoverageHint | undefined {
  const measured = observed.flatMap(({ testCase, covered }) =>
    covered === undefined || testCase.status === 'skipped'
      ? []
      : [{ status: testCase.status, test: testCase.id, covered: [...covered] }],
  );
  if (measured.every(({ covered }) => covered.length === 0)) return undefined;
  const entries = (wanted: string) =>
    measured.filter(({ status }) => status === wanted).map(({ test, covered }) => ({ test, covered }));
  return { kind: 'coverage_hint', failing: entries('failed'), passing: entries('passed') };
}
