import { VirtualClock } from '../src/simulation/virtual-clock.ts';

/** A clock that a test moves by hand. */
export class StepClock extends VirtualClock {}

/** A step clock that rushes through the first waits of retries by itself. */
export class RushingClock extends StepClock {
  override after(milliseconds: number, callback: () => void): { cancel(): void } {
    const timer = super.after(milliseconds, callback);
    if (RETRY_WAITS_MS.has(Math.ceil(milliseconds))) setImmediate(() => this.advance(milliseconds));
    return timer;
  }
}

const RETRY_WAITS_MS: ReadonlySet<number> = new Set([1_000, 2_000, 4_000]);
