// Simulates many seeds: `npm run simulate -- --seeds 1000 --from 1 [--json] [--trace] [--choices FILE] [--until-failure]`.
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { joinSummaries, runSeeds, unseenIn, type Failing, type Range, type Summary } from './campaign.ts';
import { Choices, type ChoiceRecord } from './choices.ts';
import { breaks, shrink } from './shrink.ts';
import { simulate } from './simulation.ts';

const REPORT_EVERY = 25;

type FromThread =
  { readonly kind: 'simulated'; readonly seed: number } | { readonly kind: 'done'; readonly summary: Summary };

if (isMainThread) process.exitCode = await runMain();
else await runThread(workerData as Range);

async function runThread(range: Range): Promise<void> {
  const post = (message: FromThread): void => parentPort?.postMessage(message);
  const summary = await runSeeds(range, (seed) => post({ kind: 'simulated', seed }));
  post({ kind: 'done', summary });
}

async function runMain(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      threads: { type: 'string', default: '2' },
      choices: { type: 'string' },
      json: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      'until-failure': { type: 'boolean', default: false },
      'no-shrink': { type: 'boolean', default: false },
    },
  });
  if (values.choices !== undefined) return await replay(readRecord(values.choices), values.trace);
  const [from, seeds] = [Number(values.from), Number(values.seeds)];
  if (values.trace) return await replay(Choices.ofSeed(from).record, true, from);
  const summary = await runThreads(from, seeds, Math.min(Number(values.threads), seeds), values['until-failure']);
  const failing = values['no-shrink'] ? [] : await shrinkFirst(summary);
  process.stdout.write(
    values.json ? `${JSON.stringify({ ...summary, unseen: unseenIn(summary) })}\n` : textOf(summary, failing),
  );
  return summary.failures.length === 0 ? 0 : 1;
}

async function runThreads(from: number, seeds: number, threads: number, untilFailure: boolean): Promise<Summary> {
  let done = 0;
  const progress = (): void => {
    done += 1;
    if (done % REPORT_EVERY === 0) process.stderr.write(`\r${done} of ${seeds} seeds`);
  };
  const parts = await Promise.all(
    Array.from({ length: threads }, (_, index) =>
      runInThread({ from: from + index, seeds: seeds - index, step: threads, untilFailure }, progress),
    ),
  );
  process.stderr.write('\n');
  return joinSummaries(parts);
}

/** Rejects, naming the seed, when the thread dies in the middle: out of memory, or by an error that no simulation catches. */
function runInThread(range: Range, progress: () => void): Promise<Summary> {
  return new Promise((resolve, reject) => {
    let seed = range.from;
    const thread = new Worker(new URL(import.meta.url), { workerData: range });
    thread.on('error', (error) =>
      reject(new Error(`the thread died while it simulated seed ${seed}`, { cause: error })),
    );
    thread.on('message', (message: FromThread) => {
      if (message.kind === 'done') return resolve(message.summary);
      seed = message.seed + range.step;
      progress();
    });
  });
}

// --- failures

async function shrinkFirst({ failures }: Summary): Promise<readonly string[]> {
  const [first] = failures;
  if (first === undefined) return [];
  process.stderr.write(`making seed ${first.seed} smaller\n`);
  const { record, tries } = await shrink(first.record, breaks(first.invariant));
  const file = join(tmpdir(), `vltair-simulation-${first.seed}.json`);
  writeFileSync(file, JSON.stringify(record));
  const { violation, scenario, turns, events } = await simulate(Choices.replay(record));
  return [
    `smaller, after ${tries} tries: ${turns} turns, ${events} events, ${violation?.message ?? ''}`,
    JSON.stringify(scenario),
    `reproduce the smaller one: npm run simulate -- --choices ${file} --trace`,
  ];
}

async function replay(record: ChoiceRecord, isTraced: boolean, seed?: number): Promise<number> {
  const trace = isTraced ? { trace: (line: string) => process.stdout.write(`${line}\n`) } : {};
  const choices = seed === undefined ? Choices.replay(record) : Choices.ofSeed(seed);
  const { violation, scenario, digest, turns } = await simulate(choices, trace);
  process.stdout.write(`${JSON.stringify(scenario, undefined, 1)}\n${turns} turns, logs ${digest}\n`);
  process.stdout.write(`${violation?.message ?? 'every invariant holds'}\n`);
  return violation === undefined ? 0 : 1;
}

function readRecord(file: string): ChoiceRecord {
  return JSON.parse(readFileSync(file, 'utf8')) as ChoiceRecord;
}

// --- the report

function textOf(summary: Summary, smaller: readonly string[]): string {
  const { failures, statuses, faults, types, ...totals } = summary;
  const unseen = unseenIn(summary);
  const lines = [
    ...failures.map(describeFailure),
    ...smaller,
    `totals    ${pairs(totals)}`,
    `ended     ${pairs(statuses)}`,
    `faults    ${pairs(faults)}`,
    `events    ${pairs(types)}`,
    unseen.length === 0
      ? 'unseen    nothing: every event type and every fault occurred'
      : `unseen    ${unseen.join(', ')}`,
    failures.length === 0 ? 'every invariant holds' : `${failures.length} seeds fail`,
  ];
  return `${lines.join('\n')}\n`;
}

function describeFailure({ seed, message }: Failing): string {
  return `seed ${seed}: ${message}\n  reproduce: npm run simulate -- --from ${seed} --seeds 1`;
}

function pairs(counts: object): string {
  return Object.entries(counts)
    .map(([key, value]) => `${key} ${String(value)}`)
    .join(', ');
}
