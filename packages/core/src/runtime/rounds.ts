import { failureOf, type Failure } from '@vltair/protocol';
import type { Clock } from '../ports/clock.ts';
import type { EventStore, RunRow } from '../ports/event-store.ts';
import { isWithAnother } from './refusal.ts';
import type { Runtime } from './runtime.ts';

export interface RoundsPorts {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly runtime: Pick<Runtime, 'epochs' | 'isBusyWith' | 'resume' | 'room'>;
  /** Hears what a person should know but need not stop for. */
  readonly warn?: (warning: string) => void;
  readonly takenUp?: (row: RunRow) => void;
  /** Told once for a run. */
  readonly notTakenUp?: (row: RunRow, failure: Failure) => void;
}

/** How often a shared store, which changes all the time, is looked through. */
const LOOK_MS = 250;
/** How often a run is tried again that could not be taken up for a passing reason. */
const RETRY_MS = 5_000;
/** Runs that are taken up at a time: their claims share commits. */
const TOGETHER = 128;
/** More runs than any store holds that are unfinished. */
const ALL = 1_000_000;

/**
 * Of a worker that stays: looks again and again for unfinished runs that nobody works on, those that were there, those
 * that this process lost, and, on a shared store, those whose worker has died. Runs of other stores, and those that wait
 * for a person, are left alone.
 */
export class Rounds {
  readonly #ports: RoundsPorts;
  /** Runs that could not be taken up, and when to try again. */
  readonly #refused = new Map<string, number>();
  #seen: number | undefined;
  #notBefore = -Infinity;
  #notAfter = -Infinity;
  #hasWarned = false;

  constructor(ports: RoundsPorts) {
    this.#ports = ports;
  }

  /** It cannot be taken up here, however often it is tried. */
  isRefused(run: string): boolean {
    return this.#refused.get(run) === Infinity;
  }

  /** A round when one is due: a store that has not changed is looked through seldom. */
  async walk(): Promise<void> {
    const now = this.#ports.clock.monotonic();
    const isDue = this.#ports.store.changes() !== this.#seen || now >= this.#notAfter;
    if (isDue && now >= this.#notBefore) await this.#turnOrWarn();
  }

  /** A store that is away for a while is looked through when it is back. */
  async #turnOrWarn(): Promise<void> {
    try {
      await this.turn();
      this.#hasWarned = false;
    } catch (error) {
      this.#notBefore = this.#ports.clock.monotonic() + RETRY_MS;
      if (!this.#hasWarned) this.#ports.warn?.(`unfinished runs cannot be looked for: ${failureOf(error).message}`);
      this.#hasWarned = true;
    }
  }

  /** Takes up what there is room for, and gives all unfinished runs that this process may work on, oldest first. */
  async turn(): Promise<readonly RunRow[]> {
    const { store, clock, runtime } = this.#ports;
    const changes = store.changes();
    const now = clock.monotonic();
    const isShared = store.leases !== undefined;
    this.#notBefore = isShared ? now + LOOK_MS : now;
    this.#notAfter = now + (isShared ? LOOK_MS : RETRY_MS); // a lease runs out without a change
    const rows = await this.#unfinished();
    await this.#takeUpAll(rows.filter(({ run }) => !runtime.isBusyWith(run) && this.#mayTry(run)));
    this.#seen = changes;
    return rows;
  }

  async #unfinished(): Promise<readonly RunRow[]> {
    const { store, runtime } = this.#ports;
    const { epochs } = runtime;
    const available = epochs === undefined ? {} : { availableTo: epochs };
    const rows = await store.runs({ statuses: ['queued', 'running'], limit: ALL, ...available });
    return rows.filter(({ origin }) => origin === undefined).toReversed();
  }

  #mayTry(run: string): boolean {
    return (this.#refused.get(run) ?? -Infinity) <= this.#ports.clock.monotonic();
  }

  async #takeUpAll(rows: readonly RunRow[]): Promise<void> {
    let left = rows;
    while (left.length > 0 && this.#ports.runtime.room > 0) {
      const together = Math.min(TOGETHER, this.#ports.runtime.room);
      await Promise.all(left.slice(0, together).map((row) => this.#takeUp(row))); // not-a-port: claims of the runtime above
      left = left.slice(together);
    }
  }

  async #takeUp(row: RunRow): Promise<void> {
    const { runtime, clock, takenUp, notTakenUp } = this.#ports;
    const { run } = row;
    try {
      await runtime.resume(run); // not-a-port: a claim of the runtime above
      this.#refused.delete(run);
      takenUp?.(row);
    } catch (error) {
      if (isWithAnother(error)) return;
      const failure = failureOf(error);
      if (!this.#refused.has(run)) notTakenUp?.(row, failure);
      this.#refused.set(run, failure.retryable ? clock.monotonic() + RETRY_MS : Infinity);
    }
  }
}
