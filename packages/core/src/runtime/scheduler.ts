import type { Clock } from '../ports/clock.ts';

/** A piece of work with the earliest time at which it may begin. */
export interface Job {
  /** On the monotonic clock. */
  readonly due: number;
  /** Begins the work; the worker is busy until it settles. Must not reject. */
  readonly run: () => Promise<void>;
}

export interface SchedulerMetrics {
  readonly queued: number;
  readonly workers: number;
  readonly stopped: boolean;
}

interface QueuedJob extends Job {
  readonly sequence: number;
  hasBegun: boolean;
}

/**
 * Starts jobs in the order of (due time, sequence), at most `workers` at a time. Waits on a timer for the next due job,
 * never by polling; jobs that are due at the same time begin first-in first-out.
 */
export class Scheduler {
  readonly #clock: Clock;
  readonly #workers: number;
  readonly #queue: QueuedJob[] = [];
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
    if (!this.#stopped) insert(this.#queue, queued);
    this.#dispatch();
    return { withdraw: () => this.#withdraw(queued) };
  }

  metrics(): SchedulerMetrics {
    return { queued: this.#queue.length, workers: this.#workers, stopped: this.#stopped };
  }

  /** Begins nothing any more and forgets what is queued. Work that has begun goes on. */
  stop(): void {
    this.#stopped = true;
    this.#queue.length = 0;
    this.#timer?.cancel();
  }

  #dispatch(): void {
    this.#timer?.cancel();
    for (let next = this.#queue[0]; next !== undefined && this.#busy < this.#workers; next = this.#queue[0]) {
      const wait = next.due - this.#clock.monotonic();
      if (wait > 0) {
        this.#timer = this.#clock.after(wait, () => this.#dispatch());
        return;
      }
      heapTakeFirst(this.#queue);
      this.#begin(next);
    }
  }

  #withdraw(job: QueuedJob): boolean {
    remove(this.#queue, job);
    return !job.hasBegun;
  }

  #begin(job: QueuedJob): void {
    job.hasBegun = true;
    this.#busy += 1;
    void job.run().finally(() => {
      this.#busy -= 1;
      this.#dispatch();
    });
  }
}

// --- a binary heap by (due, sequence)

function isBefore(left: QueuedJob, right: QueuedJob): boolean {
  return left.due < right.due || (left.due === right.due && left.sequence < right.sequence);
}

function insert(heap: QueuedJob[], job: QueuedJob): void {
  heap.push(job);
  siftUp(heap, heap.length - 1);
}

function remove(heap: QueuedJob[], job: QueuedJob): void {
  const index = heap.indexOf(job);
  if (index === -1) return;
  const last = heap.pop();
  if (last === undefined || last === job) return;
  heap[index] = last;
  siftUp(heap, index);
  siftDown(heap, index);
}

function heapTakeFirst(heap: QueuedJob[]): void {
  const first = heap[0];
  if (first !== undefined) remove(heap, first);
}

function siftUp(heap: QueuedJob[], from: number): void {
  for (let index = from; index > 0;) {
    const parent = (index - 1) >> 1;
    if (!swapIfBefore(heap, index, parent)) return;
    index = parent;
  }
}

function siftDown(heap: QueuedJob[], from: number): void {
  for (let index = from; ;) {
    const left = heap[2 * index + 1];
    const right = heap[2 * index + 2];
    if (left === undefined) return;
    const child = right !== undefined && isBefore(right, left) ? 2 * index + 2 : 2 * index + 1;
    if (!swapIfBefore(heap, child, index)) return;
    index = child;
  }
}

/** Swaps when the job at `lower` belongs before the one at `upper`. */
function swapIfBefore(heap: QueuedJob[], lower: number, upper: number): boolean {
  const below = heap[lower];
  const above = heap[upper];
  if (below === undefined || above === undefined || !isBefore(below, above)) return false;
  heap[lower] = above;
  heap[upper] = below;
  return true;
}
