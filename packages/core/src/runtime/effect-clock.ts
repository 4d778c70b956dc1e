import { VltairError } from '@vltair/protocol';
import type { EffectClocks } from '../ports/agent.ts';
import type { Clock } from '../ports/clock.ts';

/** Watches one call with three clocks: until the first frame, between frames, and in all. It ends with its attempt. */
export class EffectWatch {
  readonly #clock: Clock;
  readonly #clocks: EffectClocks;
  readonly #controller = new AbortController();
  readonly #startedAt: number;
  readonly #total: { cancel(): void };
  readonly #attempt: AbortSignal;
  readonly #end = (): void => this.#controller.abort(this.#attempt.reason);
  #frame: { cancel(): void } | undefined;
  #stopped = false;

  constructor(clock: Clock, clocks: EffectClocks, attempt: AbortSignal) {
    this.#attempt = attempt;
    if (attempt.aborted) this.#end();
    else attempt.addEventListener('abort', this.#end, { once: true });
    this.#clock = clock;
    this.#clocks = clocks;
    this.#startedAt = clock.monotonic();
    this.#total = clock.after(clocks.total, () => this.#expire(`no end within ${clocks.total} ms`));
    this.#await(clocks.firstFrame, 'nothing arrived');
  }

  /** Aborted with `timeout/call` when a clock runs out, or with the attempt and its reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  frame(): void {
    this.#await(this.#clocks.betweenFrames, 'nothing more arrived');
  }

  /** Milliseconds since the call began, whole; stops all clocks, for good. */
  stop(): number {
    this.#stopped = true;
    this.#attempt.removeEventListener('abort', this.#end);
    this.#total.cancel();
    this.#frame?.cancel();
    return Math.ceil(this.#clock.monotonic() - this.#startedAt);
  }

  #await(milliseconds: number | undefined, what: string): void {
    this.#frame?.cancel();
    if (milliseconds === undefined || this.#stopped) return;
    this.#frame = this.#clock.after(milliseconds, () => this.#expire(`${what} within ${milliseconds} ms`));
  }

  #expire(detail: string): void {
    this.#controller.abort(new VltairError('timeout/call', { detail }));
  }
}
