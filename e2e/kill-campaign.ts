/**
 * Kills `vltair fix` at random moments and runs the same command again, until it is done; then compares with a run that
 * nobody killed.
 *
 *   node e2e/kill-campaign.ts [--kills 20] [--seed N]
 *
 * For each of three example repositories: the final diff is the same as without kills, no recorded effect ran twice, at
 * most one batch repeats per kill, no process of a sandbox is left, the log verifies and replays. Exit code 1 otherwise.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { seededRandom } from '../bench/planting/seeded-random.ts';

const root = join(import.meta.dirname, '..');
const bin = join(root, 'node_modules', '.bin', 'vltair');
const REPOSITORIES = ['schedule-js', 'ledger-py', 'monorepo'] as const;

const reportSchema = z.object({ run: z.string(), status: z.string(), diff: z.string(), tried: z.number() });
type Report = z.infer<typeof reportSchema>;

const eventSchema = z.object({
  seq: z.number(),
  payload: z.looseObject({ type: z.string(), key: z.string().optional(), execution: z.number().optional() }),
});
type LoggedEvent = z.infer<typeof eventSchema>;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { kills: { type: 'string', default: '20' }, seed: { type: 'string', default: '1' } },
  });
  const random = seededRandom(`kill-campaign/${values.seed}`);
  const kills = Number(values.kills);
  const perRepository = REPOSITORIES.map((_, index) =>
    Math.floor((kills + REPOSITORIES.length - 1 - index) / REPOSITORIES.length),
  );
  let failures = 0;
  for (const [index, repository] of REPOSITORIES.entries()) {
    failures += await campaign(repository, perRepository[index] ?? 0, random);
  }
  process.stdout.write(`${failures === 0 ? 'every check held' : `${failures} checks failed`}\n`);
  process.exitCode = failures === 0 ? 0 : 1;
}

/** Rounds, each on a fresh copy, until the kills are used up: a round ends when its run has ended, killed or not. */
async function campaign(repository: string, kills: number, random: () => number): Promise<number> {
  const quiet = freshCopy(repository);
  const begin = performance.now();
  const expected = fix(quiet);
  const duration = performance.now() - begin;
  let failures = isReplayEmpty(quiet) ? 0 : 1;
  for (let left = kills; left > 0;) {
    const copy = freshCopy(repository);
    const delays: number[] = [];
    while (left > 0 && (delays.length === 0 || isUnfinished(copy))) {
      const delay = Math.round(150 + random() * duration * 0.5);
      if (!(await killAfter(copy, delay))) break;
      delays.push(delay);
      left -= 1;
    }
    const report = delays.length === 0 || isUnfinished(copy) ? fix(copy) : finished(copy, expected);
    failures += judge(repository, { copy, delays, expected, report });
    rmSync(copy, { recursive: true, force: true });
  }
  rmSync(quiet, { recursive: true, force: true });
  return failures;
}

function isUnfinished(directory: string): boolean {
  const newest = rowsOf(directory)[0];
  return newest === undefined || newest.status === 'running';
}

/** The report of a run that ended between its last event and the kill: the log holds it all, only the printing was cut. */
function finished(directory: string, { tried }: Report): Report {
  const [{ run, status } = { run: '', status: '' }] = rowsOf(directory);
  return { run, status, diff: vltair(['show', run, '--diff', '-C', directory]).stdout, tried };
}

function isReplayEmpty(directory: string): boolean {
  return rowsOf(directory).every(({ run }) => vltair(['replay', run, '--verify', '-C', directory]).status === 0);
}

interface Campaign {
  readonly copy: string;
  readonly delays: readonly number[];
  readonly expected: Report;
  readonly report: Report;
}

function judge(repository: string, { copy, delays, expected, report }: Campaign): number {
  const events = eventsOf(copy, report.run);
  const ledger = ledgerOf(events);
  const claims = events.filter(({ payload }) => payload.type === 'run.claimed').length;
  const left = sandboxProcesses(copy);
  const checks: readonly (readonly [string, boolean])[] = [
    [`the run succeeded after ${delays.length} kills, ${claims} of them in its middle`, report.status === 'succeeded'],
    ['the diff is the same as without kills', report.diff === expected.diff && report.diff !== ''],
    ['as many candidates were tried as without kills', report.tried === expected.tried],
    ['no recorded effect ran twice', ledger.recordedTwice.length === 0],
    [`at most one batch repeats per kill: ${ledger.repeats} repeats`, ledger.repeats <= delays.length],
    ['no process of a sandbox is left', left.length === 0],
    ['the log verifies', vltair(['verify', report.run, '-C', copy]).status === 0],
    ['verified replay of every run is empty', isReplayEmpty(copy)],
  ];
  process.stdout.write(`${repository}: killed after ${delays.join(', ')} ms\n${ledger.lines.join('\n')}\n`);
  for (const [what, holds] of checks) process.stdout.write(`  ${holds ? 'ok    ' : 'FAILED'} ${what}\n`);
  return checks.filter(([, holds]) => !holds).length;
}

/** Starts the command and kills the real pid: the launcher becomes Node by `exec`, so that they are one. False when it ended before. */
async function killAfter(directory: string, delay: number): Promise<boolean> {
  const child = spawn(bin, ['fix', directory, '--quiet'], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await Promise.race([ended, sleep(delay)]);
  if (child.exitCode !== null) return false;
  child.kill('SIGKILL');
  await ended;
  return true;
}

function fix(directory: string): Report {
  const child = vltair(['fix', directory, '--json', '--quiet']);
  return reportSchema.parse(JSON.parse(child.stdout));
}

function vltair(words: readonly string[]): { status: number | null; stdout: string } {
  return spawnSync(bin, words, { encoding: 'utf8', maxBuffer: 2 ** 28 });
}

function eventsOf(directory: string, run: string): readonly LoggedEvent[] {
  const lines = vltair(['events', run, '--json', '-C', directory]).stdout.trim().split('\n');
  return lines.map((line) => eventSchema.parse(JSON.parse(line)));
}

/** The ledger as a table: per effect, how often it was intended, recorded, answered from the record. */
function ledgerOf(events: readonly LoggedEvent[]): { recordedTwice: string[]; repeats: number; lines: string[] } {
  const counts = new Map<string, { intended: number; recorded: number; reused: number }>();
  const afterRecord: string[] = [];
  for (const { payload } of events) {
    if (payload.key === undefined || !payload.type.startsWith('effect.')) continue;
    const count = counts.get(payload.key) ?? { intended: 0, recorded: 0, reused: 0 };
    if (payload.type === 'effect.intended') {
      count.intended += 1;
      if (count.recorded > 0) afterRecord.push(payload.key);
    }
    if (payload.type === 'effect.recorded') count.recorded += 1;
    if (payload.type === 'effect.reused') count.reused += 1;
    counts.set(payload.key, count);
  }
  const twice = [...counts].filter(([, { recorded }]) => recorded > 1).map(([key]) => key);
  const repeats = [...counts.values()].reduce((sum, { intended }) => sum + Math.max(0, intended - 1), 0);
  const lines = [...counts].map(
    ([key, { intended, recorded, reused }]) =>
      `  ${key.padEnd(34)} intended ${intended}, recorded ${recorded}, answered from the ledger ${reused}`,
  );
  return { recordedTwice: [...twice, ...afterRecord], repeats, lines };
}

/** Processes that work in a clone of a run: their working directory or command line names one. */
function sandboxProcesses(directory: string): readonly string[] {
  const traces = new Set(traceIds(directory));
  return readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && [...traces].some((trace) => commandLine(pid).includes(trace)),
  );
}

function traceIds(directory: string): readonly string[] {
  return rowsOf(directory).map(({ traceId }) => traceId);
}

const rowsSchema = z.object({ runs: z.array(z.object({ run: z.string(), status: z.string(), traceId: z.string() })) });

/** Newest first; none before the first run. */
function rowsOf(directory: string): z.infer<typeof rowsSchema>['runs'] {
  const { status, stdout } = vltair(['runs', '--json', '-C', directory]);
  return status === 0 ? rowsSchema.parse(JSON.parse(stdout)).runs : [];
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // the process has ended since it was listed
  }
}

function freshCopy(repository: string): string {
  const copy = mkdtempSync(join(tmpdir(), `vltair-kill-${repository}-`));
  cpSync(join(root, 'examples', 'repos', repository), copy, { recursive: true });
  return copy;
}

await main();
