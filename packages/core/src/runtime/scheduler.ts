import type { Clock } from '../ports/clock.ts';
import { DEFAULT_TENANT } from '../ports/event-store.ts';
import { JobHeap } from './job-heap.ts';

/** A piece of work with the earliest time at which it may begin. */
export interface Job {
  /** On the monotonic clock. */
  readonly due: number;
  /** Of the jobs that are due, those of the highest priority begin first; 0 unless said otherwise. */
  readonly priority?: number;
  /** Of jobs of equal priority, those of the tenant with the fewest in flight begin first; absent: `default`. */
  readonly tenant?: string;
  /** At most `limit` jobs of one key are in flight at a time. */
  readonly concurrency?: { readonly key: string; readonly limit: number };
  /** Begins the work; the worker is busy until it settles. Must not reject. */
  readonly run: () => Promise<void>;
}

export interface SchedulerMetrics {
  /** Jobs that have not begun. */
  readonly queued: number;
  /** Jobs that have begun and not ended. */
  readonly busy: number;
  readonly workers: number;
  readonly stopped: boolean;
}

interface QueuedJob extends Job {
  readonly sequence: number;
  hasBegun: boolean;
}

/**
 * Starts jobs, at most `workers` at a time: of those that are due, in the order of (priority, highest first; jobs that the
 * tenant has in flight, fewest first; due time; sequence). Waits on a timer for the next due job, never by polling; equal jobs begin first-in first-out.
 *
 * J1 A job whose concurrency key is used up stands aside: it keeps nobody waiting, and it comes back to its place when
 *    a job of its key ends.
 */
export class Scheduler {
  readonly #clock: Clock;
  readonly #workers: number;
  readonly #early = new JobHeap<QueuedJob>(isDueBefore);
  /** By tenant. */
  readonly #due = new Map<string, JobHeap<QueuedJob>>();
  readonly #shares = new Map<string, number>();
  readonly #aside = new Map<string, JobHeap<QueuedJob>>();
  readonly #inFlight = new Map<string, number>();
  readonly #idleWaiters: (() => void)[] = [];
  #sequence = 0;
  #busy = 0;
  #stopped = false;
  #timer: { cancel(): void } | undefined;

  constructor(clock: Clock, workers: number) {
    this.#clock = clock;
    this.#workers = workers;
  }

  /** Queues a job. The handle takes it out again: `true` when it has not begun and never will, `false` when it had begun. */
  submit(job: Job): { withdraw(): boolean } {
    const queued: QueuedJob = { ...job, sequence: ++this.#sequence, hasBegun: false };
    if (!this.#stopped) this.#early.insert(queued);
    this.#dispatch();
    return { withdraw: () => this.#withdraw(queued) };
  }

  metrics(): SchedulerMetrics {
    const queued = this.#heaps().reduce((sum, heap) => sum + heap.size, 0);
    return { queued, busy: this.#busy, workers: this.#workers, stopped: this.#stopped };
  }

  /** Begins nothing any more and forgets what is queued. Work that has begun goes on. */
  stop(): void {
    this.#stopped = true;
    for (const heap of this.#heaps()) heap.takeAll();
    this.#timer?.cancel();
  }

  /** Resolves when no job is in flight. */
  idle(): Promise<void> {
    if (this.#busy === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  #heaps(): readonly JobHeap<QueuedJob>[] {
    return [this.#early, ...this.#due.values(), ...this.#aside.values()];
  }

  #dispatch(): void {
    this.#timer?.cancel();
    if (this.#stopped) return;
    this.#takeDue();
    while (this.#busy < this.#workers) {
      const next = this.#takeNext();
      if (next === undefined) return this.#waitForDue();
      if (this.#hasRoom(next)) this.#begin(next);
      else this.#setAside(next);
    }
  }

  #takeDue(): void {
    const now = this.#clock.monotonic();
    for (let next = this.#early.first; next !== undefined && next.due <= now; next = this.#early.first) {
      this.#early.remove(next);
      this.#insertDue(next);
    }
  }

  #insertDue(job: QueuedJob): void {
    const tenant = tenantOf(job);
    const heap = this.#due.get(tenant) ?? new JobHeap<QueuedJob>(isWantedBefore);
    this.#due.set(tenant, heap);
    heap.insert(job);
  }

  /** The first of each tenant, of which the one with the smallest share comes first. */
  #takeNext(): QueuedJob | undefined {
    let next: QueuedJob | undefined;
    for (const { first } of this.#due.values())
      if (first !== undefined && (next === undefined || this.#isFairBefore(first, next))) next = first;
    if (next === undefined) return undefined;
    const heap = this.#due.get(tenantOf(next));
    heap?.takeFirst();
    if (heap?.size === 0) this.#due.delete(tenantOf(next));
    return next;
  }

  #isFairBefore(left: QueuedJob, right: QueuedJob): boolean {
    const [leftPriority, rightPriority] = [left.priority ?? 0, right.priority ?? 0];
    if (leftPriority !== rightPriority) return leftPriority > rightPriority;
    const share = (job: QueuedJob): number => this.#shares.get(tenantOf(job)) ?? 0;
    return share(left) < share(right) || (share(left) === share(right) && isDueBefore(left, right));
  }

  #waitForDue(): void {
    const next = this.#early.first;
    if (next === undefined) return;
    // It may have become due since the clock was looked at.
    const wait = Math.max(0, next.due - this.#clock.monotonic());
    this.#timer = this.#clock.after(wait, () => this.#dispatch());
  }

  #withdraw(job: QueuedJob): boolean {
    for (const heap of this.#heaps()) heap.remove(job);
    return !job.hasBegun;
  }

  #begin(job: QueuedJob): void {
    job.hasBegun = true;
    this.#busy += 1;
    this.#count(job, 1);
    void job.run().finally(() => this.#ended(job));
  }

  #ended(job: QueuedJob): void {
    this.#busy -= 1;
    this.#count(job, -1);
    this.#takeBack(job);
    this.#dispatch();
    if (this.#busy === 0) for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  // --- concurrency keys

  #hasRoom({ concurrency }: Job): boolean {
    return concurrency === undefined || (this.#inFlight.get(concurrency.key) ?? 0) < concurrency.limit;
  }

  #count(job: Job, change: 1 | -1): void {
    addTo(this.#shares, tenantOf(job), change);
    if (job.concurrency !== undefined) addTo(this.#inFlight, job.concurrency.key, change);
  }

  /** J1. */
  #setAside(job: QueuedJob): void {
    if (job.concurrency === undefined) return;
    const { key } = job.concurrency;
    const heap = this.#aside.get(key) ?? new JobHeap<QueuedJob>(isWantedBefore);
    this.#aside.set(key, heap);
    heap.insert(job);
  }

  #takeBack({ concurrency }: Job): void {
    if (concurrency === undefined) return;
    for (const job of this.#aside.get(concurrency.key)?.takeAll() ?? []) this.#insertDue(job);
    this.#aside.delete(concurrency.key);
  }
}

function tenantOf({ tenant = DEFAULT_TENANT }: Job): string {
  return tenant;
}

function addTo(counts: Map<string, number>, key: string, change: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

function isDueBefore(left: QueuedJob, right: QueuedJob): boolean {
  return left.due < right.due || (left.due === right.due && left.sequence < right.sequence);
}

function isWantedBefore(left: QueuedJob, right: QueuedJob): boolean {
  const [leftPriority, rightPriority] = [left.priority ?? 0, right.priority ?? 0];
  return leftPriority > rightPriority || (leftPriority === rightPriority && isDueBefore(left, right));
}
