import { isDeepStrictEqual } from 'node:util';
import { canonicalJson, workflowSchema, VltairError, type EventType, type Json, type RunEvent } from '@vltair/protocol';
import { MemoryJournal, type AgentContext, type EffectCall, type EventStore, type RunState } from '../../src/index.ts';
import { hasEnded } from '../../src/machine/run-state.ts';
import type { Choices } from './choices.ts';
import { generateScenario, STORM_TURNS } from './generate-scenario.ts';
import { AgentsAtWork } from './agents-at-work.ts';
import { checkLogs } from './invariants.ts';
import { LogBook } from './log-book.ts';
import { People } from './people.ts';
import { plainEnding, type Act, type Fault, type FaultKind, type Scenario } from './scenario.ts';
import { playScript, worldRefuses } from './scripted-agent.ts';
import { SimulatedWorker, START_TS, treeOf, type Mishaps } from './simulated-worker.ts';
import { Stage, type Turn } from './stage.ts';
import { Violation } from './violation.ts';
import { World } from './world.ts';

/** The process dies right before that turn of a worker, the first one being 0. */
interface CrashPoint {
  readonly turn: number;
  /** What it had sent arrives all the same. */
  readonly arrives: boolean;
}

interface WorkerTurn {
  readonly label: string;
  /** Requests of the worker that may arrive after its death. */
  readonly onTheWay: number;
}

export interface SimulationOptions {
  readonly scenario?: Scenario;
  readonly crashAt?: CrashPoint;
  /** Nothing else goes wrong, and people answer at once. */
  readonly isCalm?: boolean;
  /** Hears every turn, as a line. */
  readonly trace?: (line: string) => void;
  /** Is shown the journal with its runs at the end, before it is forgotten. */
  readonly keep?: (store: EventStore, runs: readonly string[]) => Promise<void>;
}

export interface Outcome {
  readonly scenario: Scenario;
  readonly violation: Violation | undefined;
  /** Equal for equal logs of all runs, to the byte. */
  readonly digest: string;
  readonly turns: number;
  /** Of workers: the places where one can die. */
  readonly workerTurns: readonly WorkerTurn[];
  readonly runs: number;
  readonly events: number;
  readonly crashes: number;
  readonly takeovers: number;
  readonly calls: number;
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  readonly types: readonly EventType[];
  readonly statuses: readonly string[];
}

const noMishaps: Mishaps = {
  append: undefined,
  appendOf: undefined,
  read: undefined,
  change: undefined,
  holder: undefined,
};

/** A run that takes longer than that to come to rest when nothing goes wrong any more never will. */
const CALM_TURNS = 6_000;
const MOST_WORKERS = 7;
const ROOT = '01900000-0000-7000-8000-000000000001';

/** One simulation from its beginning until every run has come to its end, with all invariants checked on the way. */
export async function simulate(choices: Choices, options: SimulationOptions = {}): Promise<Outcome> {
  const simulation = new Simulation(choices, options);
  return await simulation.run();
}

class Simulation {
  readonly #choices: Choices;
  readonly #options: SimulationOptions;
  readonly #scenario: Scenario;
  readonly #journal = new MemoryJournal({ now: () => START_TS + this.#stage.now });
  readonly #stage: Stage;
  readonly #world = new World();
  readonly #agents = new AgentsAtWork(() => this.#stage.now);
  readonly #book: LogBook;
  readonly #outside: EventStore;
  readonly #people: People;
  readonly #mishaps: Mishaps = { ...noMishaps };
  readonly #faults: Fault[];
  readonly #faultCounts: Partial<Record<FaultKind, number>> = {};
  readonly #workers: SimulatedWorker[] = [];
  readonly #followed = new Map<string, Following>();
  /** Runs of another living worker, and when to look again. */
  readonly #heldUntil = new Map<string, number>();
  readonly #thaws = new Map<SimulatedWorker, number>();
  readonly #calledIntents = new Map<string, number>();
  readonly #inHand = new Map<SimulatedWorker, InHand[]>();
  #starting: SimulatedWorker | undefined;
  #hasWritten = false;
  #isCalm = false;
  #violation: Violation | undefined;
  readonly #workerTurns: WorkerTurn[] = [];
  #crashes = 0;

  constructor(choices: Choices, options: SimulationOptions) {
    this.#choices = choices;
    this.#options = options;
    this.#scenario = options.scenario ?? generateScenario(choices);
    this.#faults = this.#scenario.faults.toSorted((left, right) => left.turn - right.turn);
    this.#stage = new Stage(choices);
    this.#outside = this.#journal.open();
    this.#book = new LogBook(this.#outside);
    this.#people = new People({
      choices,
      stage: this.#stage,
      book: this.#book,
      world: this.#world,
      wishes: this.#scenario.wishes,
      store: this.#journal.open(),
      worker: (which) => pick(this.#usable(), which),
      hasStanding: this.#scenario.workers.isWorker,
      wrote: () => (this.#hasWritten = true),
    });
  }

  async run(): Promise<Outcome> {
    try {
      await this.#play();
      if (this.#violation === undefined) await this.#checkEnd();
      await this.#options.keep?.(
        this.#outside,
        this.#book.runs.map(({ run }) => run),
      );
    } catch (error) {
      if (error instanceof Violation) this.#violation ??= error;
      else
        this.#violation ??= new Violation(
          'SI0',
          `the simulation threw ${String(error)}\n${error instanceof Error ? error.stack : ''}`,
        );
    }
    const outcome = this.#outcome();
    for (const { landed } of this.#book.runs)
      for (const { event, at } of landed)
        this.#options.trace?.(
          `${at} ${event.run.slice(36)} ${event.seq} e${event.epoch} ${JSON.stringify(event.payload)}`,
        );
    this.#journal.close();
    return outcome;
  }

  // --- turns

  async #play(): Promise<void> {
    this.#openWorker();
    if (this.#options.isCalm === true) this.#calmDown();
    for (let calm = 0; ; calm += this.#isCalm ? 1 : 0) {
      if (!this.#isCalm && (await this.#isStormOver())) this.#calmDown();
      if (calm > CALM_TURNS)
        throw new Violation(
          'SI1',
          `no rest: ${this.#describeRuns()}; inbox ${JSON.stringify(await this.#outside.inbox())}`,
        );
      if (!this.#isCalm) this.#strike();
      this.#supervise();
      this.#people.act(calm);
      await this.#drain();
      if (this.#isCalm && this.#stage.isQuiet && (await this.#isOver())) return;
      await this.#take();
      if (this.#violation !== undefined) return;
    }
  }

  async #take(): Promise<void> {
    const turn = this.#stage.next();
    if (turn === undefined) return;
    if (turn.actor instanceof SimulatedWorker && this.#diesBefore(turn.actor, turn)) return;
    this.#options.trace?.(`${this.#stage.now} ${turn.actor.name} ${turn.label}`);
    turn.run();
    await this.#drain();
  }

  /** The enumerated crash. */
  #diesBefore(worker: SimulatedWorker, turn: Turn): boolean {
    const { crashAt } = this.#options;
    const isPoint = crashAt?.turn === this.#workerTurns.length;
    this.#workerTurns.push({
      label: turn.label,
      onTheWay: this.#stage.onTheWay(worker) + (turn.kind === 'request' ? 1 : 0),
    });
    if (!isPoint || !worker.isAlive) return false;
    this.#kill(worker, () => crashAt.arrives);
    if (crashAt.arrives && turn.kind === 'request') turn.run();
    return true;
  }

  /** Everything that follows at once has followed; the log book is up to date. */
  async #drain(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (!this.#hasWritten) return;
    this.#hasWritten = false;
    this.#agents.check(await this.#book.refresh(this.#stage.now));
  }

  /** Also when nothing is left that anything could happen to. */
  async #isStormOver(): Promise<boolean> {
    if (this.#stage.taken >= STORM_TURNS + 60) return true;
    const isEarly = this.#stage.taken % 16 !== 0 || !this.#people.isContent;
    return !isEarly && this.#stage.isQuiet && (await this.#isOver());
  }

  async #isOver(): Promise<boolean> {
    const { runs } = this.#book;
    const isDone = runs.length > 0 && runs.every(({ states }) => isAtEnd(states.at(-1)));
    return isDone && !this.#people.hasMore && (await this.#outside.inbox()).every(({ id }) => this.#isLeftOver(id));
  }

  /** What workers that are dead have told each other of runs that have ended waits for whoever stays; here nobody does. */
  #isLeftOver(id: string): boolean {
    return !this.#scenario.workers.isWorker && /^(stop|ended)-/.test(id);
  }

  // --- workers

  #usable(): readonly SimulatedWorker[] {
    return this.#workers.filter(({ isAlive, isFrozen }) => isAlive && !isFrozen);
  }

  #openWorker(): SimulatedWorker {
    const { skews } = this.#scenario.workers;
    const worker = new SimulatedWorker({
      name: `worker-${this.#workers.length + 1}`,
      stage: this.#stage,
      store: this.#journal.open(),
      scenario: this.#scenario,
      skew: skews[this.#workers.length % skews.length] ?? 0,
      mishaps: this.#mishaps,
      observer: () => ({ committed: (events, state) => this.#committed(events, state), progress: () => {} }),
      invoke: (self, context) => {
        this.#agents.called(context);
        return (task) =>
          this.#agents.enter(self, context, (deed) =>
            playScript(this.#scriptOf(task.agent ?? ''), task, context, {
              asks: () => {
                const before = this.#inHandIn(self, context.run);
                return (act, about, call) => deed(this.#act(self, act, about, call, before));
              },
              sleep: (ms) => deed(self.sleep(ms)),
              used: (about, name, value) => this.#used(self, about, name, value),
            }),
          );
      },
      warn: (warning) => this.#options.trace?.(`warning: ${warning}`),
      wrote: () => (this.#hasWritten = true),
    });
    this.#workers.push(worker);
    return worker;
  }

  #scriptOf(agent: string): Scenario['agents'][string] {
    return this.#scenario.agents[agent] ?? { steps: [], ending: plainEnding };
  }

  #kill(worker: SimulatedWorker, arrives: () => boolean): void {
    this.#crashes += 1;
    worker.die(arrives);
    if (this.#starting === worker) this.#starting = undefined;
    for (const call of this.#world.calls) if (call.worker === worker.name && !arrives()) call.isUnderWay = false;
  }

  /** Sees to it that somebody works on every run, as whoever operates the product would. */
  #supervise(): void {
    for (const [worker, turn] of this.#thaws) if (this.#stage.taken >= turn) this.#thaw(worker);
    if (!this.#stage.isQuiet) return;
    if (this.#usable().length === 0) this.#bringWorker();
    const worker = this.#usable().at(-1);
    if (worker === undefined) return;
    if (this.#book.of(ROOT) === undefined) this.#start(worker);
    for (const { run, states } of this.#book.runs) {
      const state = states.at(-1);
      if (state !== undefined && !hasEnded(state) && !this.#isBelow(state)) this.#see(run, state, worker);
    }
    this.#people.nudge();
  }

  /** Whoever works on the run above it works on it too. */
  #isBelow({ parent }: RunState): boolean {
    return parent !== undefined && !isAtEnd(this.#book.stateOf(parent.run));
  }

  #bringWorker(): void {
    const frozen = this.#workers.find(({ isAlive }) => isAlive);
    const isReplaced = this.#workers.length < MOST_WORKERS && this.#choices.chance('faults', 50);
    if (frozen !== undefined && !isReplaced) this.#thaw(frozen);
    else this.#openWorker();
  }

  #start(worker: SimulatedWorker): void {
    if (this.#starting?.isAlive === true && !this.#starting.isFrozen) return;
    this.#starting = worker;
    const request = {
      run: ROOT,
      workflow: workflowSchema.parse(this.#scenario.workflow),
      input: { no: false },
      traceId: '0af7651916cd43dd8448eb211c80319c',
      title: 'simulated',
      tree: treeOf('the first tree'),
    };
    const isOver = (): void => void (this.#starting = undefined);
    worker.runtime.start(request).then(isOver, isOver);
  }

  #see(run: string, state: RunState, worker: SimulatedWorker): void {
    const seen = this.#followed.get(run);
    const isSeen = seen !== undefined && this.#usable().includes(seen.worker) && seen.worker.wrote(state.epoch);
    if (this.#stage.now < (this.#heldUntil.get(run) ?? 0)) return;
    if (isSeen && (seen.restedAt === undefined || this.#stage.taken < seen.restedAt + LOOK_AGAIN_TURNS)) return;
    const owner = this.#usable().find((each) => each.wrote(state.epoch));
    this.#resume(run, owner ?? worker);
  }

  #resume(run: string, worker: SimulatedWorker): void {
    this.#rest(run, worker, worker.runtime.resume(run));
  }

  #rest(run: string, worker: SimulatedWorker, resumed: Promise<unknown>): void {
    const entry: Following = { worker, restedAt: undefined };
    this.#followed.set(run, entry);
    const lose = (error: unknown): void => {
      if (this.#followed.get(run) === entry) this.#followed.delete(run);
      const isHeld = error instanceof VltairError && error.reason === 'unavailable/run_held';
      if (isHeld) this.#heldUntil.set(run, this.#stage.now + LOOK_AGAIN_MS);
    };
    resumed.then(() => worker.runtime.rest(run)).then(() => (entry.restedAt = this.#stage.taken), lose);
  }

  // --- faults

  #strike(): void {
    while (this.#faults[0] !== undefined && this.#faults[0].turn <= this.#stage.taken) {
      const fault = this.#faults.shift();
      if (fault === undefined || !this.#apply(fault)) continue;
      this.#faultCounts[fault.kind] = (this.#faultCounts[fault.kind] ?? 0) + 1;
    }
  }

  #apply({ kind, which }: Fault): boolean {
    const worker = pick(this.#usable(), which);
    switch (kind) {
      case 'crash':
        if (worker !== undefined) this.#kill(worker, () => this.#choices.chance('faults', 50));
        return worker !== undefined;
      case 'power_cut':
        for (const each of this.#workers) if (each.isAlive) this.#kill(each, () => false);
        return true;
      case 'freeze':
        return worker !== undefined && this.#freeze(worker, which);
      case 'open_worker':
        return this.#workers.length < MOST_WORKERS && this.#openWorker().isAlive;
      case 'take_over':
        return this.#takeOver(worker);
      case 'slow_down':
        if (worker !== undefined) worker.slowness = 2 + (which % 5);
        return worker !== undefined;
      case 'overtake_append':
        return this.#overtake(worker);
      case 'reject_append':
        return this.#spoilAppend('rejected');
      case 'lose_append_reply':
        return this.#spoilAppend('unheard');
      case 'repeat_append':
        return this.#spoilAppend('repeated');
      case 'reject_read':
        this.#mishaps.read = 'rejected';
        return true;
      case 'refuse_change':
        this.#mishaps.change = 'refused';
        return true;
    }
  }

  #freeze(worker: SimulatedWorker, which: number): boolean {
    worker.isFrozen = true;
    this.#thaws.set(worker, this.#stage.taken + 5 + which * 2);
    return true;
  }

  #thaw(worker: SimulatedWorker): void {
    worker.isFrozen = false;
    this.#thaws.delete(worker);
  }

  /** A worker begins to work on a run that another one may work on. */
  #takeOver(worker: SimulatedWorker | undefined): boolean {
    const state = this.#book.stateOf(ROOT);
    if (worker === undefined || state === undefined || hasEnded(state)) return false;
    this.#mishaps.holder = 'unseen';
    this.#resume(ROOT, worker);
    return true;
  }

  #spoilAppend(append: Mishaps['append'], appendOf?: string): boolean {
    Object.assign(this.#mishaps, { append, appendOf });
    return true;
  }

  /** The next append of a run's owner fails while another worker takes the run over. */
  #overtake(worker: SimulatedWorker | undefined): boolean {
    const epoch = this.#book.stateOf(ROOT)?.epoch ?? 0;
    const owner = this.#usable().find((each) => each.wrote(epoch));
    const later = worker !== undefined && worker !== owner ? worker : this.#openWorker();
    return owner !== undefined && this.#takeOver(later) && this.#spoilAppend('rejected', owner.name);
  }

  #calmDown(): void {
    this.#isCalm = true;
    for (const worker of this.#thaws.keys()) this.#thaw(worker);
    for (const worker of this.#workers) worker.slowness = 1;
    Object.assign(this.#mishaps, noMishaps);
  }

  // --- the world, and what is checked at once

  async #act(
    worker: SimulatedWorker,
    act: Act,
    context: AgentContext,
    { idempotencyKey, signal }: EffectCall,
    before: readonly InHand[],
  ): Promise<number> {
    const { run, attempt } = context;
    const key = idempotencyKey.slice(run.length + 1);
    this.#checkIntent(worker, run, key);
    this.#checkUsed(before);
    const call = this.#world.begin({
      run,
      key,
      policy: act.policy,
      worker: worker.name,
      epoch: worker.epoch,
      attempt,
      began: this.#stage.now,
    });
    const perform = (): number => {
      if (attempt <= act.failsIn) throw worldRefuses();
      return this.#world.perform(call, this.#stage.now);
    };
    const done = worker.call(`world ${act.name}`, perform, this.#stage.now + act.takesMs);
    return await (act.isStubborn ? done : Promise.race([done, untilAborted(signal)]));
  }

  /** SI5: the call has an intent of its own in the log, by the same writer, that is not too old. */
  #checkIntent(worker: SimulatedWorker, run: string, key: string): void {
    const own = (this.#book.of(run)?.landed ?? []).filter(
      ({ event: { payload, epoch } }) =>
        payload.type === 'effect.intended' && payload.key === key && worker.wrote(epoch),
    );
    const place = `${run} ${key} ${worker.name}`;
    const called = (this.#calledIntents.get(place) ?? 0) + 1;
    this.#calledIntents.set(place, called);
    if (called > own.length)
      this.#report('SI5', `${key} is called ${called} times by ${worker.name} on ${own.length} intents`);
    const age = this.#stage.now - (own.at(-1)?.at ?? 0);
    if (age > SEND_WINDOW_MS) this.#report('SI5', `${key} is sent ${age} ms after its intent`);
  }

  #used(worker: SimulatedWorker, { run, node, visit }: AgentContext, name: string, value: Json): void {
    const since = this.#book.of(run)?.landed.length ?? 0;
    this.#inHand.set(worker, [...(this.#inHand.get(worker) ?? []), { run, node, visit, name, value, since }]);
  }

  #inHandIn(worker: SimulatedWorker, run: string): readonly InHand[] {
    return (this.#inHand.get(worker) ?? []).filter((used) => used.run === run);
  }

  /** SI6: what agents of the run had in hand when the call was asked for is what the log holds when it is made. */
  #checkUsed(before: readonly InHand[]): void {
    const lost = before.find((used) => !this.#isForgotten(used) && !this.#isRecorded(used));
    if (lost === undefined) return;
    const { node, visit, name, value } = lost;
    this.#report('SI6', `a call follows ${name} = ${JSON.stringify(value)} of ${node}#${visit}, which is not recorded`);
  }

  /** A log that was lost took what followed from it along: whoever has claimed the run since has nothing of it. */
  #isForgotten({ run, since }: InHand): boolean {
    const landed = this.#book.of(run)?.landed ?? [];
    return landed.slice(since).some(({ event }) => event.payload.type === 'run.claimed');
  }

  #isRecorded({ run, node, visit, value }: InHand): boolean {
    return (this.#book.of(run)?.landed ?? []).some(({ event: { payload } }) => {
      if (payload.type !== 'effect.recorded' || payload.node !== node || payload.visit !== visit) return false;
      return payload.outcome.kind === 'value' && isDeepStrictEqual(payload.outcome.value, value);
    });
  }

  /** SI9: what a worker believes is what the log says. */
  #committed(events: readonly RunEvent[], state: RunState): void {
    const known = this.#book.of(state.run);
    const logged = known?.states[state.seq - 1];
    if (!isSame(logged, state))
      this.#report('SI9', `${state.run}: the state at seq ${state.seq} is not the fold of the log`);
    const last = events.at(-1);
    if (last !== undefined && known?.landed[last.seq - 1]?.event.epoch !== last.epoch)
      this.#report('SI9', `${state.run}: seq ${last.seq} is another writer's`);
  }

  #report(id: string, detail: string): void {
    this.#violation ??= new Violation(id, detail);
  }

  async #checkEnd(): Promise<void> {
    await checkLogs({ book: this.#book, world: this.#world, store: this.#outside, sent: this.#people.sent });
  }

  // --- the outcome

  #describeRuns(): string {
    return this.#book.runs
      .map(({ run, states }) => {
        const state = states.at(-1);
        const nodes = Object.entries(state?.nodes ?? {}).map(([path, node]) => `${path} ${node.status}`);
        return `${run} ${state?.status ?? ''} at ${state?.seq ?? 0}, ${nodes.join(', ')}; waits for ${JSON.stringify(state?.waitingFor)}`;
      })
      .join('\n');
  }

  #outcome(): Outcome {
    const { runs } = this.#book;
    const types = [...this.#book.types()].toSorted();
    const landed = runs.flatMap((book) => book.landed);
    return {
      scenario: this.#scenario,
      violation: this.#violation,
      digest: this.#book.digest(),
      turns: this.#stage.taken,
      workerTurns: this.#workerTurns,
      runs: runs.length,
      events: this.#book.count,
      crashes: this.#crashes,
      takeovers: landed.filter(({ event }) => event.payload.type === 'run.claimed').length,
      calls: this.#world.calls.length,
      faults: this.#faultCounts,
      types,
      statuses: runs.map(({ states }) => states.at(-1)?.status ?? 'none'),
    };
  }
}

/** A value that an agent has got from an effect. */
interface InHand {
  readonly run: string;
  readonly node: string;
  readonly visit: number;
  readonly name: string;
  readonly value: Json;
  /** Events of the run that had landed by then. */
  readonly since: number;
}

/** Who sees to a run, and when it came to rest there. */
interface Following {
  readonly worker: SimulatedWorker;
  restedAt: number | undefined;
}

/** How soon somebody looks again whether the worker that has a run still lives. */
const LOOK_AGAIN_MS = 250;

/** After that many turns somebody asks again whether a resting run is still in good hands. */
const LOOK_AGAIN_TURNS = 60;

/** Of the runtime: how long after its intent a call may still be sent. */
const SEND_WINDOW_MS = 30_000;

/** A state that was loaded from a snapshot lacks what is `undefined`. */
function isSame(left: RunState | undefined, right: RunState): boolean {
  return isDeepStrictEqual(left, right) || (left !== undefined && canonicalJson(left) === canonicalJson(right));
}

function isAtEnd(state: RunState | undefined): boolean {
  return state !== undefined && hasEnded(state);
}

function pick<T>(list: readonly T[], which: number): T | undefined {
  return list[which % Math.max(1, list.length)];
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const refuse = (): void =>
      reject(signal.reason instanceof Error ? signal.reason : new VltairError('cancelled/run'));
    if (signal.aborted) refuse();
    else signal.addEventListener('abort', refuse, { once: true });
  });
}
