import type { Clock } from '../ports/clock.ts';
import type { Leases } from '../ports/leases.ts';
import type { Job, Scheduler } from './scheduler.ts';

export interface SharedKeysPorts {
  readonly leases: Leases;
  readonly clock: Clock;
  readonly scheduler: Pick<Scheduler, 'submit'>;
  /** Under which a key is held. */
  readonly epoch: () => Promise<number>;
}

/** How soon a key that another worker holds is asked for again. */
const RETRY_MS = 100;

/**
 * Concurrency keys over all workers of a store. The scheduler keeps jobs of one key apart within this process; before one
 * of them begins it takes the key in the store, and gives it back when it ends.
 *
 * K1 A job that waits for another worker holds no place among the jobs in flight.
 * K2 A key is given back until it is: a store that is away for a moment keeps it from nobody for longer.
 */
export class SharedKeys {
  readonly #ports: SharedKeysPorts;
  /** Those that are to be given back once the store can be reached, and the epoch under which they were taken. */
  readonly #freeing = new Map<string, number>();
  readonly #held = new Map<string, number>();
  #stopped = false;

  constructor(ports: SharedKeysPorts) {
    this.#ports = ports;
  }

  /** Under which keys are held: they have to live on. */
  get epochs(): readonly number[] {
    return [...this.#held.values()];
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  /** As the scheduler's own. */
  submit(job: Job): { withdraw(): boolean } {
    return job.concurrency === undefined
      ? this.#ports.scheduler.submit(job)
      : new KeyedJob(job, job.concurrency.key, this, this.#ports);
  }

  /** Begins nothing any more. */
  stop(): void {
    this.#stopped = true;
  }

  /** Does something while this process has the key. `false`: another one has it, or it cannot be told, and nothing was done. */
  async holding(key: string, doing: () => Promise<void>): Promise<boolean> {
    const epoch = await this.#hold(key);
    if (epoch === undefined) return false;
    try {
      await doing(); // not-a-port: what the runtime above does
      return true;
    } finally {
      this.#held.delete(key);
      await this.#free(key, epoch);
    }
  }

  async #hold(key: string): Promise<number | undefined> {
    this.#freeing.delete(key); // a late return would take it from whoever holds it here by then
    const epoch = await this.#epochNow(); // not-a-port: the runtime above
    if (epoch === undefined) return undefined;
    try {
      if (!(await this.#ports.leases.holdKey(key, epoch))) return undefined;
      this.#held.set(key, epoch);
      return epoch;
    } catch {
      // It may have been given all the same: it is given back, and asked for again.
      this.#retryFree(key, epoch);
      return undefined;
    }
  }

  /** `undefined` while this process has no lease. */
  async #epochNow(): Promise<number | undefined> {
    try {
      return await this.#ports.epoch(); // not-a-port: the runtime above
    } catch {
      return undefined; // the job is tried again, as when another worker has its key
    }
  }

  /** K2. */
  async #free(key: string, epoch: number): Promise<void> {
    try {
      await this.#ports.leases.freeKey(key, epoch);
    } catch {
      // It is given back later, or is free when the lease of this process ends.
      this.#retryFree(key, epoch);
    }
  }

  #retryFree(key: string, epoch: number): void {
    this.#freeing.set(key, epoch);
    this.#ports.clock.after(RETRY_MS, () => void this.#freeAgain(key));
  }

  async #freeAgain(key: string): Promise<void> {
    const epoch = this.#freeing.get(key);
    this.#freeing.delete(key);
    if (this.#stopped || epoch === undefined || this.#held.has(key)) return; // by now it may be held here again
    await this.#free(key, epoch); // asked at once: whoever takes the key here from now on asks after it
  }
}

class KeyedJob {
  readonly #job: Job;
  readonly #key: string;
  readonly #keys: SharedKeys;
  readonly #ports: SharedKeysPorts;
  #queued: { withdraw(): boolean } | undefined;
  #retry: { cancel(): void } | undefined;
  #state: 'waits' | 'runs' | 'withdrawn' = 'waits';

  constructor(job: Job, key: string, keys: SharedKeys, ports: SharedKeysPorts) {
    this.#job = job;
    this.#key = key;
    this.#keys = keys;
    this.#ports = ports;
    this.#queue();
  }

  withdraw(): boolean {
    if (this.#state === 'runs') return false;
    this.#state = 'withdrawn';
    this.#queued?.withdraw();
    this.#retry?.cancel();
    return true;
  }

  #queue(): void {
    this.#queued = this.#ports.scheduler.submit({ ...this.#job, run: () => this.#begin() });
  }

  async #begin(): Promise<void> {
    await this.#keys.holding(`key ${this.#key}`, () => this.#run()); // not-a-port: the keys of this process
    // K1
    if (this.#state === 'waits') this.#retry = this.#ports.clock.after(RETRY_MS, () => this.#queue());
  }

  async #run(): Promise<void> {
    if (this.#state === 'withdrawn' || this.#keys.isStopped) return;
    this.#state = 'runs';
    await this.#job.run(); // not-a-port: the work of the runtime above
  }
}
