import { createHash } from 'node:crypto';
import { failure, VltairError, type AgentTask, type GateVerdict, type Json } from '@vltair/protocol';
import { VirtualClock } from '../../src/simulation/virtual-clock.ts';
import {
  Runtime,
  type AgentContext,
  type EffectGate,
  type EventStore,
  type Invoker,
  type Leases,
  type LivingWriter,
  type RunObserver,
  type WorkspacePort,
} from '../../src/index.ts';
import { agentNames } from './generate-workflow.ts';
import type { Rule, Scenario } from './scenario.ts';
import type { Actor, Stage, Turn } from './stage.ts';

/** What goes wrong with the next call of a kind; it is used up by it. */
export interface Mishaps {
  /** Of an append: `rejected`: not performed; `unheard`: performed, and an error comes back; `repeated`: it arrives twice. */
  append: 'rejected' | 'unheard' | 'repeated' | undefined;
  /** Whose append; absent: the next one. */
  appendOf: string | undefined;
  read: 'rejected' | undefined;
  change: 'refused' | undefined;
  /** Whoever has the run that is asked for is thought dead. */
  holder: 'unseen' | undefined;
}

export interface WorkerParts {
  readonly name: string;
  readonly stage: Stage;
  readonly store: EventStore;
  readonly scenario: Scenario;
  readonly skew: number;
  readonly mishaps: Mishaps;
  readonly observer: (worker: SimulatedWorker) => RunObserver;
  /** What the agent does once the call has reached it. */
  readonly invoke: (
    worker: SimulatedWorker,
    context: AgentContext,
  ) => (task: AgentTask) => ReturnType<Invoker['invoke']>;
  readonly warn: (warning: string) => void;
  /** Something was written. */
  readonly wrote: () => void;
}

/** A process that works on runs: the real runtime, behind ports whose calls wait for their turns. */
export class SimulatedWorker implements Actor {
  readonly name: string;
  readonly clock: VirtualClock;
  readonly #epochs: number[];
  readonly runtime: Runtime;
  readonly #parts: WorkerParts;
  isFrozen = false;
  slowness = 1;
  #isAlive = true;

  constructor(parts: WorkerParts) {
    const { name, stage, store, scenario, skew } = parts;
    this.name = name;
    this.#parts = parts;
    this.clock = new WorkerClock(START_TS + skew);
    this.#epochs = store.ownership.kind === 'writer' ? [store.ownership.epoch] : [];
    stage.enter(this);
    const { concurrency, isWorker } = scenario.workers;
    this.runtime = new Runtime(
      {
        store: this.#portedStore(store),
        clock: this.clock,
        invoker: {
          has: () => true,
          invoke: (task, context) => {
            const play = parts.invoke(this, context);
            return this.#inside('invoker.invoke', () => play(task));
          },
        },
        workspace: this.#workspace(),
        gate: gateOf(scenario.gate),
      },
      {
        worker: name,
        concurrency,
        isWorker,
        agents: Object.fromEntries(agentNames.map((agent) => [agent, `${agent} 1`])),
        onWarning: parts.warn,
      },
    );
    this.runtime.observe(parts.observer(this));
  }

  /** The latest one. */
  get epoch(): number {
    return this.#epochs.at(-1) ?? 0;
  }

  /** Whether an event of this epoch is by this worker. */
  wrote(epoch: number): boolean {
    return this.#epochs.includes(epoch);
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** The process is gone; what it had sent is lost, or arrives all the same. */
  die(arrives: () => boolean): void {
    this.#isAlive = false;
    this.#parts.stage.leave(this, arrives);
  }

  /** A call on a port: a request that arrives in one turn, and a reply in another. It never settles for a dead worker. */
  call<T>(label: string, perform: () => Promise<T> | T, due = 0): Promise<T> {
    return this.#send({ label, kind: 'request', due }, perform);
  }

  /** A call on what lives in this process: it never outlives it. */
  #inside<T>(label: string, perform: () => Promise<T>): Promise<T> {
    return this.#send({ label, kind: 'own', due: 0 }, perform);
  }

  #send<T>(turn: Pick<Turn, 'label' | 'kind' | 'due'>, perform: () => Promise<T> | T): Promise<T> {
    const { stage } = this.#parts;
    const { label } = turn;
    return new Promise((resolve, reject) => {
      const answer = (run: () => void): void =>
        stage.add({ actor: this, label: `${label} reply`, due: 0, kind: 'reply', run });
      const run = (): void => {
        Promise.resolve()
          .then(perform)
          .then(
            (value) => answer(() => resolve(value)),
            (error: unknown) => answer(() => reject(error)),
          );
      };
      stage.add({ actor: this, ...turn, run });
    });
  }

  /** Waits, as code of this process: nothing comes of it once the process is gone. */
  sleep(ms: number): Promise<void> {
    const { stage } = this.#parts;
    return new Promise((resolve) =>
      stage.add({ actor: this, label: 'agent waits', due: stage.now + ms, kind: 'own', run: resolve }),
    );
  }

  #portedStore(real: EventStore): EventStore {
    const read = <T>(label: string, perform: () => Promise<T>): Promise<T> =>
      this.call(`store.${label}`, () => this.#reading(perform));
    const write = <T>(label: string, perform: () => Promise<T>): Promise<T> =>
      this.call(`store.${label}`, () => this.#writing(perform));
    return {
      ownership: real.ownership,
      append: (request) =>
        this.call('store.append', () => this.#appending(() => this.#writing(() => real.append(request)))),
      saveSnapshot: (snapshot) => write('saveSnapshot', () => real.saveSnapshot(snapshot)),
      takeEpoch: () => write('takeEpoch', () => this.#counted(real)),
      send: (...command) => write('send', () => real.send(...command)),
      withdraw: (id) => write('withdraw', () => real.withdraw(id)),
      answer: (answers) => write('answer', () => real.answer(answers)),
      answerTo: (id) => read('answerTo', () => real.answerTo(id)),
      adopt: (run) => write('adopt', () => real.adopt(run)),
      read: (...place) => read('read', () => real.read(...place)),
      head: (run) => read('head', () => real.head(run)),
      tail: (...place) => read('tail', () => real.tail(...place)),
      counts: () => read('counts', () => real.counts()),
      runs: (query) => read('runs', () => real.runs(query)),
      run: (id) => read('run', () => real.run(id)),
      loadSnapshot: (...place) => read('loadSnapshot', () => real.loadSnapshot(...place)),
      inbox: () => read('inbox', () => real.inbox()),
      claim: (wish) => write('claim', () => this.#reading(() => real.claim(wish))),
      entries: (...place) => read('entries', () => real.entries(...place)),
      commits: (...place) => read('commits', () => real.commits(...place)),
      commitsOf: (...place) => read('commitsOf', () => real.commitsOf(...place)),
      leases: this.#portedLeases(real),
      changes: () => real.changes(),
      identity: () => real.identity(),
      signer: () => real.signer(),
      close: () => real.close(),
    };
  }

  async #counted(store: EventStore): Promise<number> {
    const epoch = await store.takeEpoch();
    this.#epochs.push(epoch);
    return epoch;
  }

  #portedLeases({ leases: real }: EventStore): Leases | undefined {
    if (real === undefined) return undefined;
    const ask = <T>(label: string, perform: () => Promise<T>): Promise<T> => this.call(`leases.${label}`, perform);
    return {
      begin: (...lease) => ask('begin', () => real.begin(...lease)),
      renew: (...lease) => ask('renew', () => real.renew(...lease)),
      end: (mine) => ask('end', () => real.end(mine)),
      living: () => ask('living', () => real.living()),
      holderOf: (...run) => ask('holderOf', () => this.#seemingHolder(() => real.holderOf(...run))),
      holdKey: (...key) => ask('holdKey', () => real.holdKey(...key)),
      freeKey: (...key) => ask('freeKey', () => real.freeKey(...key)),
      now: () => ask('now', () => real.now()),
    };
  }

  /** Safety rests on epochs alone: whoever lives may be thought dead. */
  async #seemingHolder(holder: () => Promise<LivingWriter | undefined>): Promise<LivingWriter | undefined> {
    const { mishaps } = this.#parts;
    if (mishaps.holder === undefined) return await holder();
    mishaps.holder = undefined;
    return undefined;
  }

  async #writing<T>(perform: () => Promise<T>): Promise<T> {
    const done = await perform();
    this.#parts.wrote();
    return done;
  }

  async #reading<T>(perform: () => Promise<T>): Promise<T> {
    const { mishaps } = this.#parts;
    if (mishaps.read === undefined) return await perform();
    mishaps.read = undefined;
    throw storeFailed();
  }

  async #appending<T>(perform: () => Promise<T>): Promise<T> {
    const { mishaps } = this.#parts;
    const isMeant = mishaps.appendOf === undefined || mishaps.appendOf === this.name;
    const mishap = isMeant ? mishaps.append : undefined;
    if (isMeant) Object.assign(mishaps, { append: undefined, appendOf: undefined });
    if (mishap === 'rejected') throw storeFailed();
    const done = await perform();
    if (mishap === 'unheard') throw storeFailed();
    return mishap === 'repeated' ? await perform() : done;
  }

  #workspace(): WorkspacePort {
    const { mishaps } = this.#parts;
    return {
      apply: (tree, change) =>
        this.call('workspace.apply', () => {
          const isRefused = mishaps.change === 'refused';
          mishaps.change = undefined;
          if (isRefused) return { kind: 'refused' as const, failure: failure('invalid_argument/agent_output') };
          return { kind: 'applied' as const, tree: treeOf([tree, change.path, change.content]) };
        }),
    };
  }
}

/** What follows at once takes a turn of its own: the process can die before it. */
class WorkerClock extends VirtualClock {
  override soon(callback: () => void): void {
    this.after(0, callback);
  }
}

/** When the simulated world begins. */
export const START_TS = 1_700_000_000_000;

function storeFailed(): VltairError {
  return new VltairError('unavailable/store_failed', { detail: 'the simulated disk' });
}

export function treeOf(value: Json): string {
  return createHash('sha1').update(JSON.stringify(value)).digest('hex');
}

function gateOf(rules: Readonly<Record<string, Rule>>): EffectGate {
  return {
    evaluate: ({ effect }): GateVerdict | undefined => {
      const rule = rules[effect];
      return rule === undefined ? undefined : { ...rule, rule: `rule for ${effect}`, policyDigest: 'policy 1' };
    },
  };
}
