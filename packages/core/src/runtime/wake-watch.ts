import { failureOf } from '@vltair/protocol';
import type { Clock } from '../ports/clock.ts';
import type { EventStore, RunRow } from '../ports/event-store.ts';

export interface WakePorts {
  readonly store: EventStore;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Lets go of the runs that sleep. */
  readonly drop: () => void;
  /** Takes a run up whose timer is due. */
  readonly wake: (run: string) => Promise<unknown>;
  readonly warn: (warning: string) => void;
  /** The epochs of this process on a shared store, where the sleepers of others are left alone; `undefined`: it is alone. */
  readonly mine: () => readonly number[] | undefined;
}

const INTERVAL_MS = 100;

/** Runs taken up at one look, beside those that could not be woken before. */
const BATCH = 100;

/** So many that cannot be woken make the pause between two looks longer by one interval. */
const CROWD = 1_000;

/** How often runs that sleep ahead of the clock are looked after, while there are any. */
const AHEAD_MS = 5_000;

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

interface Failed {
  readonly tries: number;
  /** On the monotonic clock. */
  readonly retryAt: number;
}

/**
 * Of a worker that stays: sleeping runs need no memory, since their rows tell when they are due. Those that fell asleep
 * under a wall clock that was ahead of this one are the exception: by this clock their rows are due too late, so they are
 * taken up at the first look, and wake by their own time.
 */
export class WakeWatch {
  readonly #ports: WakePorts;
  readonly #warned = new Set<string>();
  readonly #failed = new Map<string, Failed>();
  /** Asleep under a clock that was ahead, and not taken up yet; `undefined` before the first look. */
  #ahead: Set<string> | undefined;
  #nextAhead = 0;
  #timer: { cancel(): void } | undefined;
  #stopped = false;

  constructor(ports: WakePorts) {
    this.#ports = ports;
    this.#wait();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #wait(): void {
    if (this.#stopped) return;
    const interval = INTERVAL_MS * (1 + Math.floor(this.#failed.size / CROWD));
    this.#timer = this.#ports.clock.after(interval, () => {
      void this.#turn().finally(() => this.#wait());
    });
  }

  async #turn(): Promise<void> {
    this.#ports.drop();
    try {
      this.#ahead = await this.#stillAhead(this.#ahead);
      const limit = BATCH + this.#failed.size;
      const rows = await this.#sleepers(this.#ports.now(), limit);
      const due = new Set([...rows.map(({ run }) => run), ...this.#ahead]);
      if (rows.length < limit) this.#forget(due);
      for (const run of due) this.#wake(run);
    } catch (error) {
      this.#warn('the sleeping runs', error); // they are looked at again at the next turn
    }
  }

  async #sleepers(wakeBy: number, limit: number): Promise<readonly RunRow[]> {
    const availableTo = this.#ports.mine();
    return await this.#ports.store.runs({ wakeBy, limit, ...(availableTo === undefined ? {} : { availableTo }) });
  }

  /** A run that was taken up may be lost again, by a store that failed for a moment. */
  async #stillAhead(known: Set<string> | undefined): Promise<Set<string>> {
    const { clock } = this.#ports;
    if (known !== undefined && clock.monotonic() < this.#nextAhead) return known;
    const found = await this.#findAhead();
    this.#nextAhead = found.size === 0 ? Infinity : clock.monotonic() + AHEAD_MS;
    return found;
  }

  async #findAhead(): Promise<Set<string>> {
    const now = this.#ports.now();
    const asleep = await this.#sleepers(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    return new Set(asleep.filter(({ updatedTs }) => updatedTs > now).map(({ run }) => run));
  }

  /** All that are due are known: what is not among them has been taken up or ended by somebody else. */
  #forget(due: ReadonlySet<string>): void {
    for (const run of this.#failed.keys()) if (!due.has(run)) this.#failed.delete(run);
  }

  /** One that cannot be woken now is tried again, less and less often. */
  #wake(run: string): void {
    const failed = this.#failed.get(run);
    if (this.#stopped || (failed !== undefined && this.#ports.clock.monotonic() < failed.retryAt)) return;
    this.#ports.wake(run).then(
      () => {
        this.#failed.delete(run);
        this.#ahead?.delete(run);
      },
      (error: unknown) => this.#fail(run, error),
    );
  }

  #fail(run: string, error: unknown): void {
    const tries = (this.#failed.get(run)?.tries ?? 0) + 1;
    const wait = Math.min(FIRST_RETRY_MS * 2 ** (tries - 1), LONGEST_RETRY_MS);
    this.#failed.set(run, { tries, retryAt: this.#ports.clock.monotonic() + wait });
    this.#warn(run, error);
  }

  #warn(what: string, error: unknown): void {
    if (this.#warned.has(what)) return;
    this.#warned.add(what);
    this.#ports.warn(`${what} cannot be woken: ${failureOf(error).message}`);
  }
}
