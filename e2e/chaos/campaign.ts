import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../../bench/planting/seeded-random.ts';
import { checkAll, type Check } from './checks.ts';
import { Crew } from './crew.ts';
import { heardByRun, registerLines } from './evidence.ts';
import type { Arena, Fault } from './fault.ts';
import { runFaults, type Injected } from './fault-runner.ts';
import { planFaults } from './fault-schedule.ts';
import { allFaults } from './faults/all-faults.ts';
import { LineJournal } from './line-journal.ts';
import { Load } from './load.ts';
import { moment } from './moment.ts';
import { openStore } from './open-store.ts';
import type { StoreKind } from './settings.ts';
import { clearStage, setStage, type Stage } from './stage.ts';
import { LogTally, type Tally } from './tally.ts';
import { Timeline } from './timeline.ts';

export interface CampaignOptions {
  readonly store: StoreKind;
  readonly durationMs: number;
  readonly seed: string;
  /** Between two faults, on average. */
  readonly everyMs: number;
  /** Runs that are open at a time. */
  readonly inFlight: number;
  /** Absent: all that are possible here. */
  readonly faults?: readonly string[];
  /** Of the tmpfs, in MiB. */
  readonly diskSize: number;
  /** Aborted when somebody wants it to end early; it is checked all the same. */
  readonly signal: AbortSignal;
  /** Leaves everything where it is, also when every check held. */
  readonly isKept: boolean;
  readonly say: (line: string) => void;
}

export interface CampaignReport {
  readonly seed: string;
  readonly store: StoreKind;
  readonly seconds: number;
  readonly tally: Tally;
  readonly checks: readonly Check[];
  readonly leftOut: readonly string[];
  readonly timeline: readonly string[];
  /** Where everything lies, when a check has failed. */
  readonly evidence: string | undefined;
}

const SAY_MS = 5_000;
/** How long open runs may take to come to their end once nothing goes wrong any more. */
const DRAIN_MS = 150_000;
/** So many ends that no fault explains, and there is nothing to wait for. */
const HOPELESS = 5;

/** Hundreds of runs, faults on every real part, and the proof of what came of it. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const stage = await setStage(options.store, options.diskSize);
  let isProven = false;
  try {
    const report = await new Campaign(options, stage).run();
    isProven = !options.isKept && report.checks.every(({ faults }) => faults.length === 0);
    return { ...report, evidence: isProven ? undefined : stage.root };
  } finally {
    await clearStage(stage, !isProven);
  }
}

class Campaign {
  readonly #options: CampaignOptions;
  readonly #stage: Stage;
  readonly #arena: Arena;
  readonly #load: Load;
  readonly #faults: readonly Fault[];
  readonly #leftOut: readonly string[];
  #beganAt = moment();
  #met = 0;

  constructor(options: CampaignOptions, stage: Stage) {
    this.#options = options;
    this.#stage = stage;
    this.#load = new Load({ random: seededRandom(`chaos-load/${options.seed}`), inFlight: options.inFlight });
    this.#arena = this.#makeArena();
    const wanted = allFaults.filter(({ name }) => options.faults?.includes(name) ?? true);
    const ours = wanted.filter(({ stores }) => stores.includes(options.store));
    this.#faults = ours.filter((fault) => fault.isPossible(this.#arena));
    this.#leftOut = ours.filter((fault) => !fault.isPossible(this.#arena)).map(({ name }) => name);
  }

  async run(): Promise<CampaignReport> {
    const { crew } = this.#arena;
    const talking = setInterval(() => this.#options.say(this.#progress()), SAY_MS);
    try {
      if (this.#leftOut.length > 0)
        this.#options.say(`left out, since they need root or gcc: ${this.#leftOut.join(', ')}`);
      await crew.assembled();
      this.#beganAt = moment();
      const injected = await this.#storm(crew);
      const unfinished = await this.#drain();
      await crew.close();
      clearInterval(talking);
      return await this.#judge(injected, unfinished);
    } finally {
      clearInterval(talking);
      for (const fault of this.#faults) await fault.heal(this.#arena);
      await crew.close();
    }
  }

  #makeArena(): Arena {
    const { evidence, disk, diskShim, clockShim, witnessPath, places, cluster, proxy } = this.#stage;
    const crew: Crew = new Crew({
      place: places.runs,
      registerPlace: places.registers,
      evidence,
      witness: witnessPath,
      environment: clockShim?.environment(disk.path) ?? {},
      heard: (message, child) => this.#load.hear(message, child, crew),
    });
    return { crew, disk, diskShim, clockShim, cluster, proxy };
  }

  /** Load and faults, until the time is over. */
  async #storm(crew: Crew): Promise<readonly Injected[]> {
    const { seed, durationMs, everyMs, signal } = this.#options;
    const journal = new LineJournal<Injected>(join(this.#stage.evidence, 'faults.jsonl'));
    const planned = planFaults(this.#faults, { seed, durationMs, everyMs });
    const until = this.#beganAt + durationMs;
    const isOn = (): boolean => moment() < until && !this.#isHopeless;
    const [injected] = await Promise.all([
      runFaults(this.#faults, planned, this.#arena, signal, (fault) => {
        this.#met += 1;
        journal.write(fault);
      }),
      this.#load.keepUp(crew, isOn),
    ]);
    return injected;
  }

  /** Nothing goes wrong any more: every run comes to its end. Says what did not. */
  async #drain(): Promise<string | undefined> {
    for (const fault of this.#faults) await fault.heal(this.#arena);
    await this.#arena.cluster?.ensureStarted();
    const since = moment();
    for (const until = since + DRAIN_MS; !this.#load.isOver(since); await sleep(200))
      if (moment() > until || this.#isHopeless) return this.#load.describe();
    return undefined;
  }

  async #judge(injected: readonly Injected[], unfinished: string | undefined): Promise<CampaignReport> {
    const { evidence, nearPlaces, witness, root } = this.#stage;
    const { store: kind, seed, say } = this.#options;
    const seconds = (moment() - this.#beganAt) / 1_000;
    say(`checking ${this.#load.ended + this.#load.open} runs`);
    const heard = heardByRun(evidence);
    const tally = new LogTally();
    const timeline = new Timeline(injected, heard);
    const [store, registers] = [
      await openStore(nearPlaces.runs, 'read'),
      await openStore(nearPlaces.registers, 'read'),
    ];
    const proven = await checkAll({
      ...{ store, registers, heard, witness, root },
      registerLines: registerLines(evidence),
      oddEnds: this.#arena.crew.oddEnds,
      serving: this.#arena.cluster?.processes() ?? [],
      show: (book) => {
        tally.add(book);
        timeline.show(book);
      },
    });
    await Promise.all([store.close(), registers.close()]);
    const checks = [
      ...proven,
      { what: 'every run came to its end in time', faults: unfinished === undefined ? [] : [unfinished] },
    ];
    const total = tally.total(heard.values(), injected, witness);
    const lines = timeline.lines(this.#beganAt);
    return {
      seed,
      store: kind,
      seconds,
      tally: total,
      checks,
      leftOut: this.#leftOut,
      timeline: lines,
      evidence: undefined,
    };
  }

  get #isHopeless(): boolean {
    return this.#options.signal.aborted || this.#arena.crew.oddEnds.length >= HOPELESS;
  }

  #progress(): string {
    const seconds = ((moment() - this.#beganAt) / 1_000).toFixed(0);
    const { open, ended } = this.#load;
    return `${seconds.padStart(4)} s, ${this.#met} faults, ${open} runs in flight, ${ended} ended`;
  }
}
