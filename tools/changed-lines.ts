// How much of what a branch changes its tests run: `node tools/changed-lines.ts [--base REF]` after a run with coverage.
// Only lines on which a statement starts count; a branch that changes none passes.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { COVERAGE_FLOORS } from './coverage-exclusions.ts';

const ROOT = join(import.meta.dirname, '..');

/** The part of an istanbul coverage file that this reads. */
export type CoverageFile = Readonly<Record<string, FileCoverage>>;

interface FileCoverage {
  readonly statementMap: Readonly<Record<string, { readonly start: { readonly line: number } }>>;
  readonly s: Readonly<Record<string, number>>;
}

export interface ChangedCoverage {
  readonly changed: number;
  readonly covered: number;
  /** `path:line`, in order. */
  readonly uncovered: readonly string[];
}

/** Lines that a `git diff --unified=0` adds or changes, by path. */
export function changedLines(diff: string): Map<string, number[]> {
  const lines = new Map<string, number[]>();
  let path = '';
  for (const text of diff.split('\n')) {
    if (text.startsWith('+++ ')) path = text.replace(/^\+\+\+ (b\/)?/u, '');
    const hunk = /^@@ -\S+ \+(?<first>\d+)(?:,(?<count>\d+))? @@/u.exec(text)?.groups;
    if (hunk === undefined) continue;
    const first = Number(hunk['first']);
    const added = Array.from({ length: Number(hunk['count'] ?? 1) }, (_, index) => first + index);
    lines.set(path, [...(lines.get(path) ?? []), ...added]);
  }
  return lines;
}

/** `coverage` by path relative to the repository root; files that it does not hold are excluded or hold no code. */
export function coverageOfChanges(
  changes: ReadonlyMap<string, readonly number[]>,
  coverage: CoverageFile,
): ChangedCoverage {
  const judged = [...changes].flatMap(([path, lines]) => {
    const runs = runsByLine(coverage[path]);
    return lines
      .filter((line) => runs.has(line))
      .map((line) => ({ place: `${path}:${String(line)}`, runs: runs.get(line) ?? 0 }));
  });
  const uncovered = judged.filter(({ runs }) => runs === 0).map(({ place }) => place);
  return { changed: judged.length, covered: judged.length - uncovered.length, uncovered };
}

export function isEnough({ changed, covered }: ChangedCoverage): boolean {
  return covered * 100 >= changed * COVERAGE_FLOORS.changedLines;
}

function runsByLine(file: FileCoverage | undefined): Map<number, number> {
  const runs = new Map<number, number>();
  for (const [id, { start }] of Object.entries(file?.statementMap ?? {})) {
    runs.set(start.line, Math.max(runs.get(start.line) ?? 0, file?.s[id] ?? 0));
  }
  return runs;
}

function readCoverage(path: string): CoverageFile {
  if (!existsSync(path)) throw new Error(`${path} is missing; run the tests with coverage first`);
  const files = JSON.parse(readFileSync(path, 'utf8')) as CoverageFile;
  return Object.fromEntries(Object.entries(files).map(([file, value]) => [relative(ROOT, file), value]));
}

function git(...options: string[]): string {
  return execFileSync('git', options, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

/** Where the branch left the main line; undefined in a clone that holds no main line, or none at all. */
function findBase(): string | undefined {
  for (const line of ['origin/main', 'main']) {
    try {
      return git('merge-base', 'HEAD', line).trim();
    } catch {
      // This clone does not know the line under that name; the next name may do.
    }
  }
  return undefined;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { base: { type: 'string' } } });
  const base = values.base ?? findBase();
  const diff =
    base === undefined ? '' : git('diff', '--unified=0', '--no-color', '--no-ext-diff', base, '--', 'packages');
  const result = coverageOfChanges(changedLines(diff), readCoverage(join(ROOT, 'coverage', 'coverage-final.json')));
  console.log(
    `${String(result.covered)} of ${String(result.changed)} changed lines ran, since ${base ?? 'no known base'}`,
  );
  if (!isEnough(result)) {
    console.error(`fewer than ${String(COVERAGE_FLOORS.changedLines)} %; not run:\n${result.uncovered.join('\n')}`);
    process.exitCode = 1;
  }
}
