import type { Clock } from '../ports/clock.ts';

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until it is moved. Timers call back in the order in which they are due, those that are due
 * together in the order in which they were set.
 */
export class VirtualClock implements Clock {
  #elapsed = 0;
  #wall: number;
  readonly #timers = new Set<Timer>();
  #fired = 0;

  /** The wall clock at the start, in milliseconds since 1970. */
  constructor(wall = 1_700_000_000_000) {
    this.#wall = wall;
  }

  /** Whole, as a wall clock gives it. */
  now(): number {
    return Math.floor(this.#wall + this.#elapsed);
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(milliseconds: number, callback: () => void): { cancel(): void } {
    const timer = { due: this.#elapsed + milliseconds, callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /** What follows at once takes a turn of the event loop, and no time of this clock. */
  soon(callback: () => void): void {
    setImmediate(callback);
  }

  /** Moves both clocks, calling back what becomes due; a callback may set timers that become due in their turn. */
  advance(milliseconds: number): void {
    const end = this.#elapsed + milliseconds;
    for (let next = this.#earliest(end); next !== undefined; next = this.#earliest(end)) this.#fire(next);
    this.#elapsed = end;
  }

  /** Moves both clocks without calling anything back, as a process does that is busy or frozen: its timers are late. */
  pass(milliseconds: number): void {
    this.#elapsed += milliseconds;
  }

  /** Calls back the earliest timer if it is due by now; tells whether one was. */
  fireDue(): boolean {
    const next = this.#earliest(this.#elapsed);
    if (next !== undefined) this.#fire(next);
    return next !== undefined;
  }

  /** When the timers are due, earliest first, on the monotonic clock. */
  get dueTimes(): readonly number[] {
    return [...this.#timers].map(({ due }) => due).toSorted((left, right) => left - right);
  }

  /** Timers that have been neither cancelled nor called back. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Timers that have been called back. */
  get fired(): number {
    return this.#fired;
  }

  /** Somebody sets the wall clock; the monotonic one does not notice. */
  setWall(change: number): void {
    this.#wall += change;
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer);
    this.#fired += 1;
    this.#elapsed = Math.max(this.#elapsed, timer.due);
    timer.callback();
  }

  #earliest(end: number): Timer | undefined {
    let earliest: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.due <= end && (earliest === undefined || timer.due < earliest.due)) earliest = timer;
    return earliest;
  }
}
