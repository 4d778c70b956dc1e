/**
 * Eight processes on one store, some of them killed: two workers that stay, five that run tasks over and over, one that
 * cancels what it finds running. Every so often one of the first seven is killed with SIGKILL and started again.
 *
 *   node e2e/load-campaign.ts [--seconds 8] [--seed N] [--kills-every 700]
 *
 * Afterwards a worker drains the store, and: every run has ended or waits for a named thing; a run whose command said so
 * has succeeded; no start made two runs; every accepted cancellation stands in its run's log once, no other twice; the
 * inbox is empty; every log verifies; verified replay of every run is empty; no process of a sandbox is left. Exit code 1
 * otherwise.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { seededRandom, type Random } from '../bench/planting/seeded-random.ts';
import { fold, verifyReplays, verifyRun, type EventStore, type RunRow } from '../packages/core/src/index.ts';
import { openStore } from '../packages/server/src/index.ts';

const bin = join(import.meta.dirname, '..', 'node_modules', '.bin', 'vltair');
const WORKERS = 2;
const RUNNERS = 5;

/** What a command came to; `undefined` codes are of killed ones. */
interface Answer {
  readonly id: string;
  readonly code: number | null;
}

interface Load {
  readonly directory: string;
  readonly random: Random;
  readonly until: number;
  /** The processes that may be killed now. */
  readonly mortal: Set<ChildProcess>;
  readonly runs: Answer[];
  readonly cancels: Answer[];
  kills: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '8' },
      seed: { type: 'string', default: '1' },
      'kills-every': { type: 'string', default: '700' },
    },
  });
  const load: Load = {
    directory: project(),
    random: seededRandom(`load-campaign/${values.seed}`),
    until: performance.now() + Number(values.seconds) * 1_000,
    mortal: new Set(),
    runs: [],
    cancels: [],
    kills: 0,
  };
  await Promise.all([
    ...Array.from({ length: WORKERS }, () => keepWorking(load)),
    ...Array.from({ length: RUNNERS }, (_, runner) => keepRunning(load, runner)),
    keepCancelling(load),
    keepKilling(load, Number(values['kills-every'])),
  ]);
  const drained = await vltair(load, ['work', '--drain', '--quiet']);
  process.exitCode = drained.code === 0 && (await judge(load)) ? 0 : 1;
  rmSync(load.directory, { recursive: true, force: true });
}

// --- the eight

async function keepWorking(load: Load): Promise<void> {
  while (isOn(load)) {
    const child = start(load, ['work', '--quiet', '--grace', '1s']);
    await Promise.race([ended(child), sleep(load.until - performance.now())]);
    child.kill('SIGTERM');
    await ended(child);
  }
}

async function keepRunning(load: Load, runner: number): Promise<void> {
  for (let number = 1; isOn(load); number += 1) {
    const id = `run-${runner}-${number}`;
    const file = join(load.directory, 'tasks', `${id}.json`);
    const isLong = load.random() < 0.5;
    const payload = isLong ? { action: 'run' } : { action: 'create', target: 'new.js', content: `// ${id}\n` };
    const task = { type: 'AgentTask', id, protocolVersion: 1, agent: isLong ? 'test-exec' : 'codegen', payload };
    writeFileSync(file, JSON.stringify(task));
    load.runs.push({ id, code: (await vltair(load, ['run', '--file', file, '--quiet'])).code });
  }
}

async function keepCancelling(load: Load): Promise<void> {
  for (let number = 1; isOn(load); number += 1) {
    await sleep(200 + load.random() * 300);
    const listed = spawnedRows(load);
    const row = listed[Math.floor(load.random() * listed.length)];
    if (row === undefined) continue;
    const id = `cancel-${number}`;
    const child = spawn(bin, ['cancel', row.run, '--reason', id, '--quiet'], { cwd: load.directory, stdio: 'ignore' });
    load.cancels.push({ id, code: (await ended(child)).code });
  }
}

async function keepKilling(load: Load, everyMs: number): Promise<void> {
  while (isOn(load)) {
    await sleep(everyMs * (0.5 + load.random()));
    const victims = [...load.mortal];
    const victim = victims[Math.floor(load.random() * victims.length)];
    if (victim === undefined || !isOn(load)) continue;
    victim.kill('SIGKILL');
    load.kills += 1;
  }
}

function isOn({ until }: Load): boolean {
  return performance.now() < until;
}

/** The launcher becomes Node by `exec`: its pid is the one to kill. */
function start({ directory, mortal }: Load, words: readonly string[]): ChildProcess {
  const child = spawn(bin, words, { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] });
  mortal.add(child);
  child.once('exit', () => mortal.delete(child));
  return child;
}

async function vltair(load: Load, words: readonly string[]): Promise<{ readonly code: number | null }> {
  return await ended(start(load, words));
}

async function ended(child: ChildProcess): Promise<{ readonly code: number | null }> {
  if (child.exitCode === null && child.signalCode === null)
    await new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return { code: child.exitCode };
}

const rowsSchema = z.object({ runs: z.array(z.object({ run: z.string() })) });

function spawnedRows({ directory }: Load): readonly { readonly run: string }[] {
  const words = ['runs', '--json', '--status', 'running'];
  const { status, stdout } = spawnSync(bin, words, { cwd: directory, encoding: 'utf8' });
  return status === 0 ? rowsSchema.parse(JSON.parse(stdout)).runs : [];
}

// --- afterwards

async function judge(load: Load): Promise<boolean> {
  const store = await openStore(
    { dataDirectory: join(load.directory, '.vltair'), configuration: { databaseUrl: undefined }, warn: () => {} },
    'read',
  );
  const rows = await store.runs({ limit: 100_000 });
  const unsettled = await filter(rows, async (row) => !(await isSettled(store, row)));
  const unverified = await filter(rows, async ({ run }) => (await verifyRun(store, run)).kind !== 'verified');
  const checks: readonly (readonly [string, readonly unknown[]])[] = [
    ['every run has ended or waits for a named thing', unsettled],
    ['a run whose command ended well has succeeded', wrongRuns(load, rows)],
    ['no start made two runs', repeated(rows.map(({ title }) => title))],
    ['every accepted cancellation stands once, no other twice', await wrongCancels(store, load, rows)],
    ['the inbox is empty', await store.inbox()],
    ['every log verifies', unverified],
    ['verified replay of every run is empty', Object.keys(await verifyReplays(store))],
    ['no process of a sandbox is left', sandboxProcesses(rows)],
  ];
  await store.close();
  const codes = (answers: readonly Answer[]): string =>
    JSON.stringify(countBy(answers.map(({ code }) => String(code))));
  process.stdout.write(`${rows.length} runs, ${load.kills} kills; run by exit code ${codes(load.runs)}, `);
  process.stdout.write(`cancel by exit code ${codes(load.cancels)}\n`);
  process.stdout.write(`runs by status ${JSON.stringify(countBy(rows.map(({ status }) => status)))}\n`);
  for (const [what, faults] of checks)
    process.stdout.write(`  ${faults.length === 0 ? 'ok    ' : 'FAILED'} ${what}${told(faults)}\n`);
  return rows.length > 0 && checks.every(([, faults]) => faults.length === 0);
}

async function isSettled(store: EventStore, { run, status }: RunRow): Promise<boolean> {
  if (status === 'succeeded' || status === 'failed' || status === 'cancelled') return true;
  return status === 'paused' && (fold(await store.read(run))?.waitingFor.length ?? 0) > 0;
}

/** A run is titled after its task. */
function wrongRuns({ runs }: Load, rows: readonly RunRow[]): readonly string[] {
  const byTitle = new Map(rows.map((row) => [row.title, row]));
  return runs.flatMap(({ id, code }) =>
    code === 0 && byTitle.get(`The task ${id}.`)?.status !== 'succeeded' ? [id] : [],
  );
}

async function wrongCancels(store: EventStore, { cancels }: Load, rows: readonly RunRow[]): Promise<readonly string[]> {
  const logs = await Promise.all(rows.map(async ({ run }) => await store.read(run)));
  const payloads = logs.flat().map(({ payload }) => payload);
  const reasons = countBy(payloads.flatMap((fact) => (fact.type === 'cancel.requested' ? [fact.reason] : [])));
  const ids = payloads.flatMap((fact) => ('commandId' in fact && fact.commandId !== undefined ? [fact.commandId] : []));
  const wrong = cancels.flatMap(({ id, code }) => {
    const count = reasons[id] ?? 0;
    return count > 1 || (code === 0 && count !== 1) ? [`${id}: exit code ${code}, ${count} in the log`] : [];
  });
  return [...wrong, ...repeated(ids)];
}

function sandboxProcesses(rows: readonly RunRow[]): readonly string[] {
  const pids = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid));
  return pids.filter((pid) => rows.some(({ traceId }) => commandLine(pid).includes(traceId)));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // the process has ended since it was listed
  }
}

async function filter(rows: readonly RunRow[], isOf: (row: RunRow) => Promise<boolean>): Promise<readonly string[]> {
  const found: string[] = [];
  for (const row of rows) if (await isOf(row)) found.push(`${row.run} ${row.status}`);
  return found;
}

function repeated(names: readonly string[]): readonly string[] {
  return Object.entries(countBy(names)).flatMap(([name, count]) => (count > 1 ? [name] : []));
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function told(faults: readonly unknown[]): string {
  return faults.length === 0 ? '' : `: ${JSON.stringify(faults.slice(0, 5))}`;
}

/** Tests that take a while, in a directory whose tasks lie outside of what runs capture. */
function project(): string {
  const directory = mkdtempSync(join(tmpdir(), 'vltair-load-'));
  mkdirSync(join(directory, 'tasks'));
  mkdirSync(join(directory, 'test'));
  writeFileSync(join(directory, '.gitignore'), 'tasks/\n');
  writeFileSync(join(directory, 'package.json'), '{ "type": "module", "scripts": { "test": "node --test" } }\n');
  const text =
    "import { test } from 'node:test';\ntest('takes a while', () => new Promise((end) => setTimeout(end, 300)));\n";
  writeFileSync(join(directory, 'test', 'slow.test.js'), text);
  return directory;
}

await main();
