import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RuntimeMetrics } from '@vltair/core';
import type { JsonObject } from '@vltair/protocol';
import { z } from 'zod';

/** Totals of a store over all processes that have owned it, and how busy the last one was. */
export type StoreMetrics = z.infer<typeof metricsSchema>;

const count = z.int().nonnegative();

const totalsShape = {
  started: count,
  retries: count,
  steps: z.strictObject({ count, totalMs: count, longestMs: count }),
  rejected: count,
  dropped: count,
};

/** What a worker of a shared store tells of itself. */
const workerSchema = z.object({ workers: count, waiting: count, busy: count, ...totalsShape });
export type WorkerMetrics = z.infer<typeof workerSchema>;

/** None for a worker of another version, which tells something else. */
export function metricsOf(told: JsonObject): readonly WorkerMetrics[] {
  const { data } = workerSchema.safeParse(told);
  return data === undefined ? [] : [data];
}

const metricsSchema = z.strictObject({
  /** Of the process that wrote this. */
  pid: count,
  updatedTs: count,
  workers: count,
  /** Runs that wait for their first attempt. */
  waiting: count,
  /** Attempts that have begun and not ended. */
  busy: count,
  totals: z.strictObject(totalsShape),
});

/** Before anything was counted. */
export const NO_TOTALS: StoreMetrics['totals'] = {
  started: 0,
  retries: 0,
  steps: { count: 0, totalMs: 0, longestMs: 0 },
  rejected: 0,
  dropped: 0,
};

/** How often the file is written while something happens. */
const INTERVAL_MS = 250;

/**
 * Keeps `metrics.json` in the data directory: for people and `vltair queue`, by the owner alone. Nothing depends on it;
 * a process that is killed loses what it counted in the last moment.
 */
export class MetricsFile {
  readonly #directory: string;
  readonly #before: StoreMetrics['totals'];
  readonly #measure: () => RuntimeMetrics;
  readonly #timer: NodeJS.Timeout;
  #written = '';

  constructor(directory: string, measure: () => RuntimeMetrics) {
    this.#directory = directory;
    this.#before = readMetrics(directory)?.totals ?? NO_TOTALS;
    this.#measure = measure;
    this.#write();
    this.#timer = setInterval(() => this.#write(), INTERVAL_MS);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#write();
  }

  #write(): void {
    const { workers, waiting, busy, started, retries, steps, rejected, dropped } = this.#measure();
    const totals = sumOfTotals(this.#before, { started, retries, steps, rejected, dropped });
    const text = JSON.stringify({ workers, waiting, busy, totals });
    if (text === this.#written) return;
    this.#written = text;
    const metrics: StoreMetrics = { pid: process.pid, updatedTs: Date.now(), workers, waiting, busy, totals };
    try {
      writeFileSync(`${pathIn(this.#directory)}.new`, `${JSON.stringify(metrics)}\n`);
      renameSync(`${pathIn(this.#directory)}.new`, pathIn(this.#directory));
    } catch {
      // A full disk, or a directory that is gone: whoever works finds out by the log, and counts are no reason to stop.
    }
  }
}

/** `undefined` when nothing was counted yet, or what is there is not ours. */
export function readMetrics(directory: string): StoreMetrics | undefined {
  try {
    return metricsSchema.parse(JSON.parse(readFileSync(pathIn(directory), 'utf8')));
  } catch {
    // Absent before the first owner; edited or cut by somebody else, it counts for nothing.
    return undefined;
  }
}

/** What two have counted together. */
export function sumOfTotals(before: StoreMetrics['totals'], now: StoreMetrics['totals']): StoreMetrics['totals'] {
  return {
    started: before.started + now.started,
    retries: before.retries + now.retries,
    steps: {
      count: before.steps.count + now.steps.count,
      totalMs: before.steps.totalMs + now.steps.totalMs,
      longestMs: Math.max(before.steps.longestMs, now.steps.longestMs),
    },
    rejected: before.rejected + now.rejected,
    dropped: before.dropped + now.dropped,
  };
}

function pathIn(directory: string): string {
  return join(directory, 'metrics.json');
}
