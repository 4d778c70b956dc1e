import { VltairError } from '@vltair/protocol';

/** What becomes of a start that finds the line full: it is refused, or the run that waits longest is dropped for it. */
export type FullLinePolicy = 'reject' | 'drop_oldest';

export interface WaitingLineOptions {
  /** Runs that may wait at a time; absent: any number. */
  readonly limit?: number;
  readonly policy?: FullLinePolicy;
}

/**
 * The runs that were started here and whose first attempt has not begun, oldest first. A run that was taken up again
 * has begun before, and is not among them.
 */
export class WaitingLine {
  readonly #limit: number;
  readonly #policy: FullLinePolicy;
  readonly #runs = new Set<string>();
  #rejected = 0;
  #dropped = 0;

  constructor({ limit = Infinity, policy = 'reject' }: WaitingLineOptions) {
    this.#limit = limit;
    this.#policy = policy;
  }

  get counts(): { readonly waiting: number; readonly rejected: number; readonly dropped: number } {
    return { waiting: this.#runs.size, rejected: this.#rejected, dropped: this.#dropped };
  }

  /**
   * Puts a run at the end. Gives the run that has lost its place to it and has to be ended.
   *
   * @throws VltairError `queue_full/scheduler`: the run is not in the line.
   */
  join(run: string, freeWorkers: number): string | undefined {
    const [oldest] = this.#runs;
    const isFull = this.#runs.size >= this.#limit + freeWorkers;
    if (isFull && this.#policy === 'reject') {
      this.#rejected += 1;
      throw new VltairError('queue_full/scheduler', { detail: `${this.#runs.size} runs wait` });
    }
    this.#runs.add(run);
    if (!isFull || oldest === undefined) return undefined;
    this.#runs.delete(oldest);
    this.#dropped += 1;
    return oldest;
  }

  /** How many more may join without anybody being refused or dropped. */
  places(freeWorkers: number): number {
    return Math.max(0, this.#limit + freeWorkers - this.#runs.size);
  }

  /** The run has begun, or has come to its end before it could. */
  leave(run: string): void {
    this.#runs.delete(run);
  }
}
