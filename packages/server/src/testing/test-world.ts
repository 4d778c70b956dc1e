import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import {
  isResting,
  MemoryJournal,
  pending,
  Runtime,
  verifyReplays,
  VirtualClock,
  waitsOf,
  type EffectGate,
  type EventStore,
  type ReplayDifference,
  type RunState,
  type RuntimeCommand,
  type StartRequest,
} from '@vltair/core';
import { jsonObjectSchema, VltairError, type RunEvent, type WaitingFor } from '@vltair/protocol';
import { detailIn } from '../error-detail.ts';
import type { MemoryTrees } from './memory-trees.ts';
import type { Flight, ScriptedAgents } from './scripted-agents.ts';

export interface TestWorldParts {
  /** Milliseconds since 1970. */
  readonly startTime: number;
  readonly seed: number;
  readonly concurrency: number;
  /** Milliseconds of real time that agents may take without anything happening. */
  readonly patienceMs: number;
  readonly agents: (world: Pick<TestWorld, 'after' | 'fault' | 'stirred'>) => ScriptedAgents;
  readonly digests: Readonly<Record<string, string>>;
  readonly trees: MemoryTrees;
  readonly gate: EffectGate | undefined;
}

/** What a run waits for, and which run that is; a pause is of no node. */
export type Waiting = WaitingFor & { readonly run: string; readonly node?: string };

/** The runtime looks at its inbox this often; time never stops for that. */
const POLL_MS = 100;
/** Turns of the event loop without anything happening, after which nothing will: stores and clock answer within one. */
const QUIET_TURNS = 3;
/** Turns after which whoever waits for an agent's real work leaves the processor to it. */
const EAGER_TURNS = 50;

/**
 * The machine, the runtime, the ledger and the inbox of the product, on a journal in memory and a clock that stands.
 *
 * T1 Time moves in {@link TestWorld.leapTo} alone, and only when everything has followed that follows at once: equal
 *    scripts give equal logs, to the millisecond. T2 An agent that works for real is waited for, for `patienceMs`.
 * T3 A fault of the test itself ends every later call with it.
 */
export class TestWorld {
  readonly clock: VirtualClock;
  readonly agents: ScriptedAgents;
  readonly events: RunEvent[] = [];
  readonly #parts: TestWorldParts;
  readonly #journal: MemoryJournal;
  readonly #states = new Map<string, RunState>();
  readonly #sleeps = new Set<{ readonly due: number }>();
  #store: EventStore;
  #runtime: Runtime;
  #stirs = 0;
  #commands = 0;
  #fault: VltairError | undefined;

  constructor(parts: TestWorldParts) {
    this.#parts = parts;
    this.clock = new VirtualClock(parts.startTime);
    this.#journal = new MemoryJournal({ seed: parts.seed });
    this.agents = parts.agents({
      after: (milliseconds, callback) => this.after(milliseconds, callback),
      fault: (error) => this.fault(error),
      stirred: () => this.stirred(),
    });
    [this.#store, this.#runtime] = this.#open();
  }

  #open(): [EventStore, Runtime] {
    const { trees, gate, digests, concurrency } = this.#parts;
    const store = this.#journal.open({ isShared: false });
    const runtime = new Runtime(
      { store, clock: this.clock, invoker: this.agents, workspace: trees, ...(gate === undefined ? {} : { gate }) },
      {
        worker: 'test',
        concurrency,
        agents: digests,
        onWarning: (detail) => this.fault(new VltairError('internal/unexpected', { detail })),
      },
    );
    const committed = (events: readonly RunEvent[], state: RunState): void => {
      this.events.push(...events);
      this.#states.set(state.run, state);
      this.stirred();
    };
    runtime.observe({ committed, progress: () => this.stirred() });
    return [store, runtime];
  }

  // --- what the agents tell

  after(milliseconds: number, callback: () => void): { cancel(): void } {
    const sleep = { due: this.clock.monotonic() + milliseconds };
    this.#sleeps.add(sleep);
    const timer = this.clock.after(milliseconds, callback);
    return { cancel: () => (timer.cancel(), this.#sleeps.delete(sleep)) };
  }

  fault(error: VltairError): void {
    this.#fault ??= error;
    this.stirred();
  }

  stirred(): void {
    this.#stirs += 1;
  }

  // --- what the test does

  async start(request: StartRequest): Promise<void> {
    await this.#runtime.start(request);
    await this.settle();
  }

  /** Puts a command into the inbox, as another process does. @throws VltairError with the reason of a refusal. */
  async put(run: string, command: RuntimeCommand): Promise<void> {
    this.#commands += 1;
    const id = `test-${this.#commands}`;
    await this.#store.send({ id, run, command: jsonObjectSchema.parse(command), ts: this.clock.now() });
    await this.#runtime.answerInbox();
    await this.settle();
    const refusal = (await this.#store.answerTo(id))?.refusal;
    if (refusal === undefined) return;
    const { reason, message, where } = refusal;
    throw new VltairError(reason, { ...detailIn(reason, message), ...(where === undefined ? {} : { where }) });
  }

  /** The process dies between two turns, with its agents; another one takes the run over. */
  async crash(run: string): Promise<void> {
    await this.settle();
    await this.#runtime.close(0);
    await this.#store.close();
    this.agents.forgetFlights();
    this.#sleeps.clear();
    [this.#store, this.#runtime] = this.#open();
    await this.#runtime.resume(run);
    await this.settle();
  }

  async replayDifferences(): Promise<Readonly<Record<string, readonly ReplayDifference[]>>> {
    return await verifyReplays(this.#store);
  }

  async close(): Promise<void> {
    await this.#runtime.close(0);
    await this.#store.close();
    this.#journal.close();
  }

  // --- states

  stateOf(run: string): RunState {
    const state = this.#states.get(run);
    if (state === undefined) throw new VltairError('not_found/run', { detail: run });
    return state;
  }

  get states(): readonly RunState[] {
    return [...this.#states.values()];
  }

  /** What runs that have not ended wait for. */
  get waits(): readonly Waiting[] {
    return this.#live().flatMap((state) => waitsOf(state).map((wait) => ({ run: state.run, ...wait })));
  }

  /** The run has ended, or nothing but people bring it on. */
  isAtRest(run: string): boolean {
    return isResting(this.stateOf(run), (child) => this.#states.get(child));
  }

  #live(): readonly RunState[] {
    return this.states.filter(({ status }) => status === 'running' || status === 'paused' || status === 'queued');
  }

  // --- time

  /** When the next thing is due that waits for time, in milliseconds since 1970; `undefined`: nothing does. */
  nextDue(): number | undefined {
    const now = this.clock.monotonic();
    const offset = this.clock.now() - now;
    const ofRuns = this.#live().flatMap((state) =>
      pending(state).flatMap((activity) => ('dueTs' in activity ? [activity.dueTs] : [])),
    );
    const ofAgents = [...this.#sleeps].map(({ due }) => due + offset);
    const ofCalls = this.clock.dueTimes.filter((due) => due > now + POLL_MS).map((due) => due + offset);
    const later = [...ofRuns, ...ofAgents, ...ofCalls].filter((due) => due > now + offset);
    return later.length === 0 ? undefined : Math.min(...later);
  }

  /** When people have to have answered, in milliseconds since 1970. */
  nextExpiry(): number | undefined {
    const expiries = this.waits.flatMap((wait) => ('expiresTs' in wait ? [wait.expiresTs] : []));
    return expiries.length === 0 ? undefined : Math.min(...expiries);
  }

  /** Moves the clock there, and waits for everything that follows at once. */
  async leapTo(time: number): Promise<void> {
    this.clock.pass(Math.max(0, time - this.clock.now()));
    await this.settle();
  }

  /** Waits until nothing moves any more unless time passes or somebody acts. @throws VltairError for a fault of the test. */
  async settle(): Promise<void> {
    let since = performance.now();
    for (let quiet = 0; quiet < QUIET_TURNS || this.#working() !== undefined; quiet += 1) {
      const before = this.#stirs;
      await (quiet < EAGER_TURNS ? nextTurn() : pause(1));
      if (this.clock.fireDue() || this.#stirs !== before) {
        quiet = -1;
        since = performance.now();
      }
      if (this.#fault !== undefined) throw this.#fault;
      if (performance.now() - since > this.#parts.patienceMs) throw this.#lostPatience();
    }
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** An agent that is at work for real: the run wants it, and it does not wait for the clock. */
  #working(): Flight | undefined {
    for (const flight of this.agents.flights) if (flight.waits === 0 && this.#isWanted(flight)) return flight;
    return undefined;
  }

  /** It is not when its attempt waits for a person or is to stop: what it does then changes nothing. */
  #isWanted({ run, node, visit, attempt, incarnation }: Flight): boolean {
    const place = this.#states.get(run)?.nodes[node];
    return (
      place?.status === 'scheduled' &&
      place.visit === visit &&
      place.attempt === attempt &&
      place.incarnation === incarnation
    );
  }

  #lostPatience(): VltairError {
    const { agent = '', node = '' } = this.#working() ?? {};
    const { patienceMs } = this.#parts;
    const detail = `${agent} of node ${node} has not answered for ${patienceMs} ms of real time; a script that takes its time waits with context.sleep`;
    const error = new VltairError('invalid_argument/test_script', { detail });
    this.fault(error);
    return error;
  }
}
