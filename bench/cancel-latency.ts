/**
 * How long a cancellation from another process takes to end a sandboxed process tree.
 *
 *   node bench/cancel-latency.ts [--times 10]
 *
 * A worker stays, `vltair run` has it run tests that take long, and `vltair cancel` is started. Measured from the moment
 * at which the command is in the inbox until no process of the sandbox is left, and from the start of `vltair cancel`,
 * which has to load first. Exit code 1 when the first exceeds 500 ms once.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { openStore } from '../packages/server/src/index.ts';

const BOUND_MS = 500;
const bin = join(import.meta.dirname, '..', 'node_modules', '.bin', 'vltair');
const runsSchema = z.object({ runs: z.array(z.object({ run: z.string(), traceId: z.string(), status: z.string() })) });

interface Latency {
  readonly fromInbox: number;
  readonly fromStart: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { times: { type: 'string', default: '10' } } });
  const directory = slowProject();
  const worker = spawn(bin, ['work', '--quiet'], { cwd: directory, stdio: 'ignore' });
  const measured: Latency[] = [];
  for (let times = 0; times < Number(values.times); times += 1) measured.push(await measure(directory));
  worker.kill('SIGTERM');
  await new Promise((resolve) => worker.once('exit', resolve));
  rmSync(directory, { recursive: true, force: true });
  tell(
    'from the inbox',
    measured.map(({ fromInbox }) => fromInbox),
  );
  tell(
    'from the start of vltair cancel',
    measured.map(({ fromStart }) => fromStart),
  );
  process.exitCode = measured.every(({ fromInbox }) => fromInbox < BOUND_MS) ? 0 : 1;
}

async function measure(directory: string): Promise<Latency> {
  const run = spawn(bin, ['run', '--file', 'tests.json', '--quiet'], { cwd: directory, stdio: 'ignore' });
  const traceId = await untilRunning(directory);
  while (!isAlive(traceId)) await sleep(10);
  const store = await openStore(
    { dataDirectory: join(directory, '.vltair'), configuration: { databaseUrl: undefined }, warn: () => {} },
    'read',
  );
  const started = performance.now();
  const cancel = spawn(bin, ['cancel', 'last', '--quiet'], { cwd: directory, stdio: 'ignore' });
  let sent: number | undefined;
  for (; isAlive(traceId); await sleep(2)) {
    const waits = (await store.inbox()).length > 0;
    if (waits) sent ??= performance.now();
  }
  const gone = performance.now();
  await store.close();
  await Promise.all(
    [run, cancel].map(
      (child) => new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve(undefined))),
    ),
  );
  return { fromInbox: gone - (sent ?? started), fromStart: gone - started };
}

/** The trace of the run that is being worked on. */
async function untilRunning(directory: string): Promise<string> {
  for (;;) {
    const { stdout } = spawnSync(bin, ['runs', '--json', '--status', 'running'], { cwd: directory, encoding: 'utf8' });
    const [row] = stdout.startsWith('{"ok":true') ? runsSchema.parse(JSON.parse(stdout)).runs : [];
    if (row !== undefined) return row.traceId;
    await sleep(20);
  }
}

function isAlive(traceId: string): boolean {
  return readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(traceId));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // the process has ended since it was listed
  }
}

function slowProject(): string {
  const directory = mkdtempSync(join(tmpdir(), 'vltair-cancel-'));
  mkdirSync(join(directory, 'test'));
  writeFileSync(join(directory, 'package.json'), '{ "type": "module", "scripts": { "test": "node --test" } }\n');
  const text =
    "import { test } from 'node:test';\ntest('takes long', () => new Promise((end) => setTimeout(end, 60_000)));\n";
  writeFileSync(join(directory, 'test', 'slow.test.js'), text);
  const task = { type: 'AgentTask', id: 't', protocolVersion: 1, agent: 'test-exec', payload: { action: 'run' } };
  writeFileSync(join(directory, 'tests.json'), JSON.stringify(task));
  return directory;
}

function tell(what: string, milliseconds: readonly number[]): void {
  const sorted = milliseconds.toSorted((left, right) => left - right).map(Math.round);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  process.stdout.write(`${what}: median ${median} ms, longest ${sorted.at(-1) ?? 0} ms, of ${sorted.length}\n`);
}

await main();
