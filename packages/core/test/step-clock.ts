import type { Clock } from '../src/index.ts';

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** A clock that a test moves by hand. The wall clock may be set apart from the monotonic one. */
export class StepClock implements Clock {
  #elapsed = 0;
  #wall = 1_700_000_000_000;
  readonly #timers = new Set<Timer>();
  #fired = 0;

  now(): number {
    return this.#wall + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(milliseconds: number, callback: () => void): { cancel(): void } {
    const timer = { due: this.#elapsed + milliseconds, callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /** Moves both clocks, calling back what becomes due, in order. */
  advance(milliseconds: number): void {
    const end = this.#elapsed + milliseconds;
    for (let next = this.#earliest(end); next !== undefined; next = this.#earliest(end)) {
      this.#timers.delete(next);
      this.#fired += 1;
      this.#elapsed = Math.max(this.#elapsed, next.due);
      next.callback();
    }
    this.#elapsed = end;
  }

  /** Timers that have been neither cancelled nor called back. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Timers that have been called back. */
  get fired(): number {
    return this.#fired;
  }

  /** Somebody sets the wall clock. */
  setWall(change: number): void {
    this.#wall += change;
  }

  #earliest(end: number): Timer | undefined {
    const due = [...this.#timers].filter((timer) => timer.due <= end);
    return due.toSorted((left, right) => left.due - right.due)[0];
  }
}

/** A step clock that rushes through the first waits of retries by itself. */
export class RushingClock extends StepClock {
  override after(milliseconds: number, callback: () => void): { cancel(): void } {
    const timer = super.after(milliseconds, callback);
    if (RETRY_WAITS_MS.has(Math.ceil(milliseconds))) setImmediate(() => this.advance(milliseconds));
    return timer;
  }
}

const RETRY_WAITS_MS: ReadonlySet<number> = new Set([1_000, 2_000, 4_000]);
