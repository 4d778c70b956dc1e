import type { RunEvent } from '@vltair/protocol';

/** What a runtime has done since it was opened. Steps are attempts of nodes. */
export interface StepCounts {
  /** Attempts that have begun. */
  readonly started: number;
  /** Attempts that were scheduled because the one before had failed. */
  readonly retries: number;
  /** Attempts that have ended here, and how long they took. */
  readonly steps: { readonly count: number; readonly totalMs: number; readonly longestMs: number };
}

/** Counts steps: a few numbers, none for each run or node. */
export class StepCounters {
  #started = 0;
  #retries = 0;
  #ended = 0;
  #totalMs = 0;
  #longestMs = 0;

  get counts(): StepCounts {
    const steps = { count: this.#ended, totalMs: this.#totalMs, longestMs: this.#longestMs };
    return { started: this.#started, retries: this.#retries, steps };
  }

  began(): void {
    this.#started += 1;
  }

  took(milliseconds: number): void {
    this.#ended += 1;
    this.#totalMs += Math.round(milliseconds);
    this.#longestMs = Math.max(this.#longestMs, Math.round(milliseconds));
  }

  committed(events: readonly RunEvent[]): void {
    for (const { payload } of events)
      if (payload.type === 'attempt.scheduled' && payload.attempt > 1) this.#retries += 1;
  }
}
