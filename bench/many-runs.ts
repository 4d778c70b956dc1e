// What a store of 100,000 runs that wait for an approval costs the commands that meet it, beside an empty store. Each is a
// fresh process; the fastest of the rounds counts. Exits 1 when `status` takes 400 ms or more, or any of them grows by 50 MB.
//   node bench/many-runs.ts [--runs 100000] [--rounds 5] [--json]
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openSqliteStore, step, type AppendRequest, type EventStore } from '@vltair/core';
import { kindOf, makeRunId, makeTraceId, workflowSchema, type Fact } from '@vltair/protocol';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});

const STATUS_MS = 400;
const GROWTH_BYTES = 50_000_000;
const IN_FLIGHT = 512;
const VLTAIR = join(import.meta.dirname, '..', 'packages', 'cli', 'bin', 'vltair');
/** Tells, at its end, the largest memory that a process had, and the time of processors that it took. */
const TELL_USAGE = `data:text/javascript,import{writeFileSync}from'node:fs';process.on('exit',()=>writeFileSync(process.env.BENCH_USAGE,JSON.stringify(process.resourceUsage())))`;

const workflow = workflowSchema.parse({ name: 'ask', nodes: [{ id: 'ask', approval: { message: 'Go?' } }] });

/** What the machine makes of a new run that asks at once: it is paused. */
function aPausedRun(number: number, epoch: number): AppendRequest {
  const ts = 1_760_000_000_000 + number;
  const run = makeRunId(ts, randomBytes(16));
  const [traceId, title] = [makeTraceId(randomBytes(16)), `ask ${number}`];
  const manifest = { workflow: 'd', agents: {}, flags: [1] };
  const created: Fact = { type: 'run.created', workflow, manifest, input: {}, traceId, title };
  const { events, state } = step(undefined, { run, seq: 1, ts, epoch, kind: kindOf(created), payload: created });
  if (state.status !== 'paused') throw new RangeError(`the run is ${state.status}`);
  const times = { createdTs: ts, updatedTs: ts, wakeTs: undefined };
  const row = {
    status: state.status,
    workflow: 'ask',
    title,
    joinKey: undefined,
    traceId,
    failure: undefined,
    ...times,
  };
  return { run, tenant: 'local', expectedSeq: 0, epoch, events: events.map(({ payload }) => ({ ts, payload })), row };
}

async function open(directory: string): Promise<EventStore> {
  const onWarning = (warning: string): void => console.error(warning);
  return await openSqliteStore({ directory, mode: 'write', now: Date.now, onWarning });
}

/** A data directory with so many paused runs; gives how long they took. */
async function makeStore(directory: string, runs: number): Promise<number> {
  const begun = performance.now();
  const store = await open(directory);
  const epoch = store.ownership.kind === 'writer' ? store.ownership.epoch : 0;
  for (let made = 0; made < runs; made += IN_FLIGHT) {
    const batch = Array.from({ length: Math.min(IN_FLIGHT, runs - made) }, (_, at) => aPausedRun(made + at, epoch));
    await Promise.all(batch.map(async (request) => await store.append(request)));
  }
  await store.close();
  return performance.now() - begun;
}

interface Cost {
  readonly milliseconds: number;
  readonly bytes: number;
  readonly processorMs: number;
}

async function costOf(words: readonly string[], directory: string): Promise<Cost> {
  const usage = join(directory, 'usage.json');
  const env = {
    ...process.env,
    VLTAIR_DATA_DIR: directory,
    NODE_OPTIONS: `--import=${TELL_USAGE}`,
    BENCH_USAGE: usage,
  };
  const begun = performance.now();
  const child = spawn(VLTAIR, words, { env, cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number | null];
  const milliseconds = performance.now() - begun;
  if (code !== 0) throw new RangeError(`vltair ${words.join(' ')} exited with ${code}`);
  const { maxRSS, userCPUTime, systemCPUTime } = JSON.parse(readFileSync(usage, 'utf8')) as NodeJS.ResourceUsage;
  return { milliseconds, bytes: maxRSS * 1024, processorMs: (userCPUTime + systemCPUTime) / 1000 };
}

async function bestOf(words: readonly string[], directory: string): Promise<Cost> {
  const costs: Cost[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) costs.push(await costOf(words, directory));
  const least = (of: keyof Cost): number => Math.min(...costs.map((cost) => cost[of]));
  return { milliseconds: least('milliseconds'), bytes: least('bytes'), processorMs: least('processorMs') };
}

const commands: readonly (readonly string[])[] = [
  ['status'],
  ['runs'],
  ['runs', '--status', 'failed'],
  ['runs', '--json'],
  ['show', 'last'],
  ['queue', '--json'],
  ['work', '--drain', '--json'],
];

const root = mkdtempSync(join(tmpdir(), 'vltair-bench-'));
try {
  const [empty, full] = [join(root, 'one'), join(root, 'many')];
  for (const directory of [empty, full]) mkdirSync(directory);
  await makeStore(empty, 1);
  const madeMs = await makeStore(full, Number(values.runs));
  const rows = [];
  for (const words of commands) {
    const [few, many] = [await bestOf(words, empty), await bestOf(words, full)];
    rows.push({
      command: words.join(' '),
      milliseconds: Math.round(many.milliseconds),
      withOneRun: Math.round(few.milliseconds),
      processorMs: Math.round(many.processorMs),
      processorMsWithOneRun: Math.round(few.processorMs),
      megabytes: Math.round(many.bytes / 1e6),
      grownBy: Math.round((many.bytes - few.bytes) / 1e5) / 10,
    });
  }
  if (values.json) console.log(JSON.stringify({ runs: Number(values.runs), madeMs: Math.round(madeMs), rows }));
  else {
    console.log(`${values.runs} paused runs, made in ${Math.round(madeMs)} ms`);
    console.table(rows);
  }
  const isSlow = rows.some(({ command, milliseconds }) => command === 'status' && milliseconds >= STATUS_MS);
  if (isSlow || rows.some(({ grownBy }) => grownBy * 1e6 >= GROWTH_BYTES)) process.exitCode = 1;
} finally {
  rmSync(root, { recursive: true, force: true });
}
