// How long runs stand still whose worker is killed. Two `vltair work` processes have one store; 50 runs wait inside a call
// in the one, which is killed with SIGKILL. The time ends when the log holds the claim of the other one on each of them.
//   node bench/durable/measure-takeover.ts [--store postgres|sqlite] [--rounds 5] [--json]
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { EventStore } from '@vltair/core';
import { OWN_CONTENDERS } from './contenders.ts';
import { MetricBook } from './metric-book.ts';
import { spreadOf, roundFigure } from './statistics.ts';
import { storeKind } from './vltair/open-bench-store.ts';
import { WaitingHost } from './vltair/waiting-host.ts';
import { beginWaitingRuns } from './vltair/waiting-runs.ts';
import { WorkerProcess } from './vltair/worker-process.ts';

export interface Takeover {
  /** From the kill until the log holds the first claim of the other worker. */
  readonly firstMs: number;
  /** The same until it holds the last one. */
  readonly allMs: number;
}

const RUNS = 50;
/** So long both workers live side by side: whoever would share or move runs without need has done so by then. */
const SIDE_BY_SIDE_MS = 2_000;
const PATIENCE_MS = 120_000;
const POLL_MS = 5;
const PAGE = 1_000;

/**
 * Kills the worker of so many runs, and times the other one.
 *
 * @throws RangeError when the runs do not come to wait, or are claimed before the kill, or not within two minutes after it.
 */
export async function measureTakeover(directory: string, storeName: string, runs: number): Promise<Takeover> {
  const kind = storeKind(storeName);
  await using host = await WaitingHost.listen();
  const environment = { ...kind.environment(directory), VLTAIR_HTTP_ALLOW: host.address };
  const wish = { directory, environment, concurrency: runs };
  await using victim = await WorkerProcess.start(wish);
  await using closing = new AsyncDisposableStack();
  const store = await kind.open(directory, 'read');
  closing.defer(async () => await store.close());
  const begun = await beginWaitingRuns(store, host, runs);
  const before = await new Claims(store, begun).skipToEnd();
  await using _successor = await WorkerProcess.start(wish);
  await sleep(SIDE_BY_SIDE_MS);
  await before.look();
  if (before.count > 0 || host.waiting !== runs)
    throw new RangeError(`before the kill, ${before.count} runs were claimed and ${host.waiting} of ${runs} waited`);
  return await timeClaims(before, runs, victim);
}

async function timeClaims(claims: Claims, runs: number, victim: WorkerProcess): Promise<Takeover> {
  const killed = performance.now();
  victim.kill();
  let firstMs: number | undefined;
  for (;;) {
    await claims.look();
    const elapsed = performance.now() - killed;
    if (claims.count > 0) firstMs ??= elapsed;
    if (claims.count === runs) return { firstMs: firstMs ?? elapsed, allMs: elapsed };
    if (elapsed > PATIENCE_MS) throw new RangeError(`${claims.count} of ${runs} runs were claimed after the kill`);
    await sleep(POLL_MS);
  }
}

/** Which of some runs the log says are claimed, from a position on. */
class Claims {
  readonly #store: EventStore;
  readonly #runs: ReadonlySet<string>;
  readonly #claimed = new Set<string>();
  #position = 0;

  constructor(store: EventStore, runs: ReadonlySet<string>) {
    this.#store = store;
    this.#runs = runs;
  }

  get count(): number {
    return this.#claimed.size;
  }

  /** What is claimed so far does not count. */
  async skipToEnd(): Promise<this> {
    await this.look();
    this.#claimed.clear();
    return this;
  }

  async look(): Promise<void> {
    for (;;) {
      const events = await this.#store.tail(this.#position, PAGE);
      for (const { run, payload } of events)
        if (payload.type === 'run.claimed' && this.#runs.has(run)) this.#claimed.add(run);
      this.#position = events.at(-1)?.position ?? this.#position;
      if (events.length < PAGE) return;
    }
  }
}

async function playRound(root: string, storeName: string, round: number): Promise<Takeover> {
  const directory = join(root, String(round));
  mkdirSync(directory);
  await using closing = new AsyncDisposableStack();
  closing.defer(await storeKind(storeName).prepare(directory));
  return await measureTakeover(directory, storeName, RUNS);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      store: { type: 'string', default: 'postgres' },
      rounds: { type: 'string', default: '5' },
      json: { type: 'boolean', default: false },
    },
  });
  const of = `vltair-${values.store}`;
  const reason = await OWN_CONTENDERS.find(({ name }) => name === of)?.whyNot?.();
  if (reason !== undefined) throw new RangeError(`${of} cannot be measured: ${reason}`);
  await using closing = new AsyncDisposableStack();
  const root = mkdtempSync(join(tmpdir(), 'vltair-bench-'));
  closing.defer(() => rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  const book = new MetricBook();
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    const { firstMs, allMs } = await playRound(root, values.store, round);
    console.error(`round ${round}: first ${roundFigure(firstMs)} ms, all ${roundFigure(allMs)} ms`);
    book.note({ of, name: `takeover_of_${RUNS}_runs` }, allMs);
  }
  const [metric] = book.metrics();
  if (metric === undefined) throw new RangeError('--rounds takes a number from 1');
  const { median, min, max } = spreadOf(metric.rounds);
  const sentence = `${of}: ${RUNS} runs are claimed ${median} ms after their worker was killed (${min} to ${max} ms, ${metric.rounds.length} rounds)`;
  console.log(values.json ? JSON.stringify({ metrics: [metric] }, null, 2) : sentence);
}

if (import.meta.main) await main();
