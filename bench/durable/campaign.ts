import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@vltair/protocol';
import { ContenderProcess } from './contender-process.ts';
import type { Ran } from './contender-messages.ts';
import type { ContenderEntry } from './contenders.ts';
import { measureRecovery } from './measure-recovery.ts';
import { MetricBook } from './metric-book.ts';
import type { Result } from './result.ts';
import { storeKind } from './vltair/open-bench-store.ts';

export interface CampaignWish {
  readonly contenders: readonly ContenderEntry[];
  readonly rounds: number;
  readonly secondsEach: number;
  /** Leaves out the part that kills a process with 1,000 runs. */
  readonly skipRecovery: boolean;
  /** Hears how far it has come. */
  readonly progress: (sentence: string) => void;
}

const CONTROL_MS = 400;
/** Long enough for its code to be compiled. */
const WARM_UP = { inFlight: 50, milliseconds: 5_000 } as const;
/** Where the delay of the event loop is of interest. */
const CROWD = 500;

interface Seat extends ContenderEntry {
  readonly process: ContenderProcess;
}

interface Stage {
  readonly directory: string;
  readonly seats: readonly Seat[];
  readonly control: ContenderProcess;
  readonly idle: ContenderProcess;
}

/**
 * Every round runs every load of every contender for a short time, with the control before each, so that what else goes on
 * on the machine falls on all alike.
 */
export async function runCampaign(wish: CampaignWish): Promise<Result> {
  await using closing = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), 'vltair-bench-'));
  closing.defer(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  const skipped = await whoIsSkipped(wish);
  const contenders = wish.contenders.filter(({ name }) => skipped[name] === undefined);
  const stage = await openStage(directory, { ...wish, contenders }, closing);
  const book = new MetricBook();
  const samples: Record<string, JsonObject> = {};
  for (let round = 1; round <= wish.rounds; round += 1) await playRound(stage, wish, round, book, samples);
  return {
    format: 1,
    machine: thisMachine(),
    settings: { rounds: wish.rounds, secondsEach: wish.secondsEach },
    contenders: Object.fromEntries(stage.seats.map(({ name, process: { about } }) => [name, about])),
    skipped,
    metrics: book.metrics(),
    samples,
  };
}

/** Contenders that cannot run on this machine, each with the reason. */
async function whoIsSkipped({ contenders, progress }: CampaignWish): Promise<Result['skipped']> {
  const skipped: Record<string, string> = {};
  for (const { name, whyNot } of contenders) {
    const reason = await whyNot?.();
    if (reason === undefined) continue;
    progress(`skipping ${name}: ${reason}`);
    skipped[name] = reason;
  }
  return skipped;
}

async function openStage(directory: string, wish: CampaignWish, closing: AsyncDisposableStack): Promise<Stage> {
  const open = async (name: string, script: string, words: readonly string[]): Promise<ContenderProcess> => {
    wish.progress(`starting ${name}`);
    const own = join(directory, name);
    mkdirSync(own);
    closing.defer(await prepareStore(words, own));
    const contender = await ContenderProcess.start(script, [own, ...words]);
    closing.defer(async () => await contender.stop());
    return contender;
  };
  const control = await open('control', join(import.meta.dirname, 'control.ts'), []);
  const idle = await open('idle', join(import.meta.dirname, 'idle.ts'), []);
  const seats: Seat[] = [];
  for (const entry of wish.contenders) {
    const contender = await open(entry.name, entry.script, entry.words);
    await contender.run(WARM_UP);
    seats.push({ ...entry, process: contender });
  }
  return { directory, seats, control, idle };
}

async function playRound(
  stage: Stage,
  wish: CampaignWish,
  round: number,
  book: MetricBook,
  samples: Record<string, JsonObject>,
): Promise<void> {
  for (const seat of stage.seats) {
    for (const inFlight of seat.levels) {
      wish.progress(`round ${round} of ${wish.rounds}: ${seat.name}, ${inFlight} in flight`);
      await runControl(stage, book);
      const ran = await runLoad(stage, seat, { inFlight, milliseconds: wish.secondsEach * 1_000 }, book);
      book.load(seat.name, inFlight, ran);
      if (ran.sample !== undefined) samples[`${seat.name}/${inFlight}`] = ran.sample;
    }
  }
  book.ratios(stage.seats);
  if (!wish.skipRecovery) for (const seat of stage.seats) await recover(stage, seat, wish, round, book);
}

async function runControl({ control }: Stage, book: MetricBook): Promise<void> {
  const { workflows, seconds, figures } = await control.run({ inFlight: 1, milliseconds: CONTROL_MS });
  book.note({ of: 'control', name: 'control_pieces_per_second' }, workflows / seconds);
  book.note({ of: 'control', name: 'control_pieces_per_cpu_second' }, 1_000 / (figures['cpuMs'] ?? 1));
}

/** In a crowd, an idle process measures beside it how late event loops are on this machine anyway. */
async function runLoad(
  stage: Stage,
  seat: Seat,
  wish: { readonly inFlight: number; readonly milliseconds: number },
  book: MetricBook,
): Promise<Ran> {
  const isWatched = wish.inFlight === CROWD;
  const idling = isWatched ? stage.idle.run({ inFlight: 1, milliseconds: wish.milliseconds }) : undefined;
  const [ran, idle] = await Promise.all([seat.process.run(wish), idling]);
  const [own, idleMs] = [ran.figures['eventLoopMs'], idle?.figures['eventLoopMs']];
  if (own !== undefined && idleMs !== undefined) {
    const at = { of: seat.name, inFlight: wish.inFlight };
    book.note({ ...at, name: 'event_loop_delay_p999' }, Math.max(0, own - idleMs));
    book.note({ of: 'idle', name: 'idle_event_loop_delay_p999' }, idleMs);
  }
  return ran;
}

/** Of our own contenders: their first word names the store. What is given takes away what was made for it. */
async function prepareStore([store]: readonly string[], directory: string): Promise<() => Promise<void>> {
  return store === undefined ? () => Promise.resolve() : await storeKind(store).prepare(directory);
}

async function recover(stage: Stage, seat: Seat, wish: CampaignWish, round: number, book: MetricBook): Promise<void> {
  const [store] = seat.words;
  if (store === undefined) return;
  wish.progress(`round ${round} of ${wish.rounds}: ${seat.name}, killed with 1,000 runs in flight`);
  const directory = join(stage.directory, `${seat.name}-killed-${round}`);
  mkdirSync(directory);
  await using closing = new AsyncDisposableStack();
  closing.defer(() => rmSync(directory, { recursive: true, force: true }));
  closing.defer(await prepareStore(seat.words, directory));
  await runControl(stage, book);
  const recovery = await measureRecovery(directory, store);
  book.note({ of: seat.name, name: 'recovery_of_1000_runs' }, recovery.recoveryMs);
  book.note({ of: seat.name, name: 'restart_to_recovery' }, recovery.restartMs);
  book.note({ of: seat.name, name: 'memory_per_1000_runs' }, recovery.residentBytes);
  book.note({ of: seat.name, name: 'heap_per_1000_runs' }, recovery.heapBytes);
}

function thisMachine(): Result['machine'] {
  return {
    processors: availableParallelism(),
    model: cpus()[0]?.model.trim() ?? 'unknown',
    platform: `${process.platform} ${release().split('-')[0] ?? ''} ${process.arch}`,
    node: process.version,
  };
}
