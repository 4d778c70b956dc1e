/**
 * Where in the search the edit stands that takes a planted bug back: the quality of localisation, grammar and order, without
 * the hours of trying edits.
 *
 *   node bench/repair/rank.ts --planted DIR [--planted DIR ...] [--only ID] [--most N] [--explain]
 *
 * Each suite runs once with coverage; what it told is kept in DIR/observed, so that another order is judged in seconds. Prints
 * a table: the place of the edit (`-` when the grammar does not hold it), of its line among the suspicious lines, how many edits
 * were planned, how long planning took, and how long one trial of the first failing case's file does.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { directoryFiles, detectRunner } from '../../packages/agents/src/index.ts';
import {
  isSourceFile,
  literalHints,
  planSearch,
  protectedBy,
  rankLines,
} from '../../packages/agents/src/repair/index.ts';
import { failingTestFiles } from '../../packages/agents/src/agents/protected-files.ts';
import { applyEdit } from '../../packages/agents/src/repair/apply-edit.ts';
import { normalisedCode } from '../../packages/agents/src/repair/code-tokens.ts';
import { selectionOf } from '../../packages/agents/src/test-runners/test-command.ts';
import { runTests } from '../../packages/agents/src/test-runners/run-tests.ts';
import { coverageHintSchema, testResultSchema } from '../../packages/protocol/src/index.ts';
import { createSandbox } from '../../packages/sandbox/src/index.ts';

const plantedSchema = z.array(
  z.object({
    id: z.string(),
    operator: z.string(),
    outsideGrammar: z.boolean(),
    file: z.string(),
    line: z.number(),
    before: z.string(),
    after: z.string(),
    testCommand: z.string(),
    directory: z.string(),
  }),
);
type Planted = z.infer<typeof plantedSchema>[number];

const observationSchema = z.object({
  result: testResultSchema,
  coverage: coverageHintSchema.optional(),
  trialMs: z.number(),
});
type Observation = z.infer<typeof observationSchema>;

const sandbox = createSandbox();
const SUITE_MS = 120_000;

async function observe(planted: Planted, directory: string): Promise<Observation> {
  const kept = join(directory, 'observed', `${planted.id}.json`);
  if (existsSync(kept)) return observationSchema.parse(JSON.parse(readFileSync(kept, 'utf8')));
  const copy = mkdtempSync(join(tmpdir(), `vltair-rank-${planted.id}-`));
  cpSync(join(directory, planted.directory), copy, { recursive: true, verbatimSymlinks: true });
  const observation = await observeIn(copy, planted.id).finally(() => rmSync(copy, { recursive: true, force: true }));
  mkdirSync(join(directory, 'observed'), { recursive: true });
  writeFileSync(kept, JSON.stringify(observation));
  return observation;
}

/** The sandbox gives the directory to another user. */
async function observeIn(directory: string, id: string): Promise<Observation> {
  const detection = detectRunner(directoryFiles(directory), undefined);
  if (detection.kind !== 'found') throw new Error(`${id}: no runner`);
  const request = { sandbox, directory, command: detection.command, limits: { wallTimeMs: SUITE_MS }, traceId: 'rank' };
  const { result, coverage } = await runTests({ ...request, coverage: true });
  const failing = result.cases.find(({ status }) => status === 'failed');
  const selection = failing === undefined ? undefined : selectionOf(failing);
  const begin = performance.now();
  await runTests({ ...request, selection: selection === undefined ? [] : [selection] });
  const trialMs = Math.round(performance.now() - begin);
  return { result, ...(coverage === undefined ? {} : { coverage }), trialMs };
}

/** The sources of a repository that its work tree holds. */
function readSources(root: string): ReadonlyMap<string, string> {
  const listed = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0');
  const paths = listed.filter((path) => isSourceFile(path) && !path.includes('node_modules/'));
  return new Map(paths.toSorted().map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

interface Row {
  readonly planted: Planted;
  readonly place: number | undefined;
  readonly linePlace: number;
  readonly planned: number;
  readonly planMs: number;
  readonly trialMs: number;
  readonly operator: string;
}

async function rank(planted: Planted, directory: string, most: number, explain: boolean): Promise<Row> {
  const { result, coverage, trialMs } = await observe(planted, directory);
  const sources = readSources(join(directory, planted.directory));
  const isProtected = protectedBy(failingTestFiles(result, sources));
  const begin = performance.now();
  const suspects = rankLines({
    testResult: result,
    sources,
    isProtected,
    ...(coverage === undefined ? {} : { coverage }),
  });
  const suspicious = suspects.slice(0, 400);
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
  const plan = planSearch({ isProtected, suspicious, sources, hints: literalHints(result), hash, maxCandidates: most });
  const planMs = Math.round(performance.now() - begin);
  const now = sources.get(planted.file) ?? '';
  const wanted = withoutBug(planted, now);
  const isPython = planted.file.endsWith('.py');
  const normal = (text: string): string => normalisedCode(text, isPython);
  const goal = new Set(wanted.map(normal));
  const at = plan.candidates.findIndex(
    ({ edit }) =>
      edit.file === planted.file && Math.abs(edit.line - planted.line) < 40 && goal.has(normal(applyEdit(now, edit))),
  );
  if (explain) {
    const head = plan.candidates
      .slice(0, 25)
      .map(
        ({ edit, score }) =>
          `    ${score.toExponential(2)} ${edit.file}:${edit.line} ${edit.operator} | ${edit.before.trim()} => ${edit.after.trim()}`,
      );
    const own = suspects.findIndex(({ file, line }) => file === planted.file && line === planted.line);
    const shown = suspects.slice(0, 8).map(({ file, line, score, why }) => `    ${file}:${line} ${score} ${why}`);
    process.stdout.write(
      `${planted.id}: ${planted.after.trim()} => ${planted.before.trim()}\n${shown.join('\n')}\n  own line ${suspects[own]?.score} ${suspects[own]?.why}\n${head.join('\n')}\n`,
    );
    if (at >= 0)
      process.stdout.write(
        `    own ${plan.candidates[at]?.score.toExponential(2)} ${plan.candidates[at]?.edit.operator} plausibility ${plan.candidates[at]?.edit.plausibility}\n`,
      );
  }
  return {
    planted,
    place: at < 0 ? undefined : at + 1,
    linePlace: suspects.findIndex(({ file, line }) => file === planted.file && line === planted.line) + 1,
    planned: plan.candidates.length,
    planMs,
    trialMs,
    operator: plan.candidates[at]?.edit.operator ?? '',
  };
}

/** The file without the bug, for each place where it may stand; the record holds whole lines, none for what was taken away. */
function withoutBug({ before, after, line }: Planted, source: string): readonly string[] {
  const lines = source.split('\n');
  const length = after === '' ? 0 : after.split('\n').length;
  const near = [-3, -2, -1, 0, 1, 2, 3].map((shift) => line - 1 + shift).filter((first) => first >= 0);
  const held = near.filter((first) => lines.slice(first, first + length).join('\n') === after);
  const wanted = after === '' ? [line - 1] : held;
  return wanted.map((first) => [...lines.slice(0, first), before, ...lines.slice(first + length)].join('\n'));
}

function show({ planted, place, linePlace, planned, planMs, trialMs, operator }: Row): string {
  const bug = `${planted.operator}${planted.outsideGrammar ? ' *' : ''}`;
  const columns = [
    planted.id.padEnd(26),
    bug.padEnd(22),
    String(place ?? '-').padStart(6),
    String(linePlace || '-').padStart(5),
    String(planned).padStart(7),
    `${planMs} ms`.padStart(9),
    `${trialMs} ms`.padStart(9),
    operator,
  ];
  return columns.join(' ');
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      planted: { type: 'string', multiple: true, default: [] },
      only: { type: 'string' },
      most: { type: 'string', default: '20000' },
      explain: { type: 'boolean', default: false },
    },
  });
  const places: (number | undefined)[] = [];
  for (const directory of values.planted.map((each) => resolve(each))) {
    const all = plantedSchema.parse(JSON.parse(readFileSync(join(directory, 'planted.json'), 'utf8')));
    for (const planted of all.filter(({ id }) => values.only === undefined || id === values.only)) {
      const row = await rank(planted, directory, Number(values.most), values.explain);
      places.push(row.place);
      process.stdout.write(`${show(row)}\n`);
    }
  }
  const within = (bound: number): string =>
    `${places.filter((place) => place !== undefined && place <= bound).length} within ${bound}`;
  process.stdout.write(`${places.length} bugs: ${[10, 50, 200, 500, 1000, 20_000].map(within).join(', ')}\n`);
}

await main();
