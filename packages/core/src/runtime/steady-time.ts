import type { Clock } from '../ports/clock.ts';

/**
 * The time that stamps facts: the wall clock as it stood when the process began, carried forward by the monotonic clock.
 * Somebody who sets the clock while runs are under way moves no deadline.
 */
export class SteadyTime {
  readonly #clock: Clock;
  readonly #offset: number;

  constructor(clock: Clock, offset = clock.now() - clock.monotonic()) {
    this.#clock = clock;
    this.#offset = offset;
  }

  /** Milliseconds since 1970, whole; never goes back within a process. */
  now(): number {
    return Math.floor(this.#offset + this.#clock.monotonic());
  }

  /** Whether it goes on from a later time than the other one shows. */
  isAheadOf(other: SteadyTime): boolean {
    return this.#offset > other.#offset;
  }

  /** When the monotonic clock reaches that time. Equal times give equal results, whenever they are asked for. */
  monotonicAt(ts: number): number {
    return ts - this.#offset;
  }

  /**
   * The time of a run whose log has come as far as `ts`: it goes on from there where this one lies behind, so that a wall
   * clock that was set back between two processes does not make the run wait for it to catch up.
   */
  notBefore(ts: number): SteadyTime {
    return new SteadyTime(this.#clock, Math.max(this.#offset, ts - this.#clock.monotonic()));
  }
}
