import { setTimeout as sleep } from 'node:timers/promises';
import { fold, isOwned, ownerOf, type EventStore, type RunObserver, type RunRow, type RunState } from '@vltair/core';
import { failureOf, VltairError, type Failure } from '@vltair/protocol';
import { openApplication, type Application, type ApplicationOptions } from './application.ts';
import { restsIn } from './follow-to-rest.ts';
import { openStore } from './open-store.ts';

/** What a worker tells of, one notice for each notable thing. */
export type WorkerNotice =
  | { readonly event: 'standing_by'; readonly owner: number | undefined }
  | { readonly event: 'working'; readonly workers: number }
  | { readonly event: 'taken_up' | 'started'; readonly run: string; readonly title: string }
  | { readonly event: 'not_taken_up'; readonly run: string; readonly failure: Failure }
  | {
      readonly event: 'rested';
      readonly run: string;
      readonly status: RunState['status'];
      readonly failure: Failure | undefined;
      readonly waitingFor: RunState['waitingFor'];
    }
  | { readonly event: 'draining'; readonly inFlight: number }
  | { readonly event: 'stopped' };

export interface WorkerOptions extends ApplicationOptions {
  /** Aborted when the worker should drain and leave. */
  readonly signal: AbortSignal;
  /** Leaves when nothing is left to do. */
  readonly drain: boolean;
  /** How long attempts that are in flight may go on once the worker drains. */
  readonly graceMs: number;
  readonly notice: (notice: WorkerNotice) => void;
}

/** How soon a worker notices that the owner has gone, or that a run waits that nobody works on. */
const POLL_MS = 50;
/** How often a run is tried again that could not be taken up for a passing reason. */
const RETRY_MS = 5_000;

/**
 * Works on every unfinished run of a store, and answers its inbox, until it is told to leave. While another process
 * owns the store it stands by, and takes over at once when that one goes.
 *
 * W1 Runs of other stores, and runs that wait for a person, are left alone.
 * W2 Whoever leaves has begun nothing more, has let what was in flight end within the grace, and owns nothing.
 */
export async function work(options: WorkerOptions): Promise<void> {
  const app = await untilOwner(options);
  if (app !== undefined) await workAsOwner(app, options);
  options.notice({ event: 'stopped' });
}

/** `undefined` when there is nothing to wait for any more. */
async function untilOwner(options: WorkerOptions): Promise<Application | undefined> {
  const { dataDirectory, signal, drain, notice } = options;
  for (let isTold = false; !signal.aborted; await sleep(POLL_MS)) {
    if (!isOwned(dataDirectory)) {
      const app = await tryToOwn(options);
      if (app !== undefined) return app;
    }
    if (!isTold) notice({ event: 'standing_by', owner: ownerOf(dataDirectory)?.pid });
    isTold = true;
    if (drain && (await isAllDone(options))) return undefined;
  }
  return undefined;
}

async function tryToOwn(options: WorkerOptions): Promise<Application | undefined> {
  try {
    return await openApplication({ ...options, isWorker: true });
  } catch (error) {
    if (error instanceof VltairError && error.reason === 'unavailable/store_locked') return undefined; // another was faster
    throw error;
  }
}

async function isAllDone(options: WorkerOptions): Promise<boolean> {
  let store: EventStore | undefined;
  try {
    store = await openStore(options, 'read');
    return (await unfinished(store)).length === 0 && (await store.inbox()).length === 0;
  } catch (error) {
    if (error instanceof VltairError && error.reason === 'not_found/store') return false; // its owner is just making it
    throw error;
  } finally {
    await store?.close();
  }
}

async function workAsOwner(app: Application, options: WorkerOptions): Promise<void> {
  const { signal, notice, graceMs } = options;
  const observation = app.runtime.observe(observerOf(notice));
  notice({ event: 'working', workers: app.runtime.metrics().workers });
  const wakeUp = sleepUntilAborted(signal);
  try {
    const rounds = new Rounds(app, options);
    while (!signal.aborted) {
      const isIdle = await rounds.walk();
      if (options.drain && isIdle) break;
      await Promise.race([sleep(POLL_MS), wakeUp]);
    }
    notice({ event: 'draining', inFlight: app.runtime.metrics().busy });
    await app.runtime.drain(graceMs);
  } finally {
    observation.stop();
    await app.close();
  }
}

function sleepUntilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** Looks again and again for runs that nobody works on: those that were there, and those that this process lost. */
class Rounds {
  readonly #app: Application;
  readonly #notice: WorkerOptions['notice'];
  readonly #isDraining: boolean;
  /** Runs that could not be taken up, and when to try again. */
  readonly #refused = new Map<string, number>();
  #seen: number | undefined;
  #nextLook = 0;

  constructor(app: Application, { notice, drain }: WorkerOptions) {
    this.#app = app;
    this.#notice = notice;
    this.#isDraining = drain;
  }

  /** `true` when nothing is left to do here. A store that has not changed is looked through seldom, except by who waits for that. */
  async walk(): Promise<boolean> {
    const { store, runtime } = this.#app;
    const changes = store.changes();
    if (!this.#isDraining && changes === this.#seen && performance.now() < this.#nextLook) return false;
    this.#nextLook = performance.now() + RETRY_MS;
    const rows = await unfinished(store);
    for (const row of rows) if (!runtime.isWorkingOn(row.run)) await this.#takeUp(row);
    this.#seen = changes;
    if (runtime.metrics().busy > 0 || (await store.inbox()).length > 0) return false;
    for (const { run } of rows) if (!(await this.#isLeft(run))) return false;
    return true;
  }

  /** It could not be taken up, or only waits for children that wait for people. */
  async #isLeft(run: string): Promise<boolean> {
    if (this.#refused.has(run)) return true;
    const state = fold(await this.#app.store.read(run));
    return state !== undefined && (await restsIn(this.#app.store, state));
  }

  async #takeUp({ run, title }: RunRow): Promise<void> {
    if ((this.#refused.get(run) ?? 0) > performance.now()) return;
    try {
      await this.#app.runtime.resume(run);
      this.#refused.delete(run);
      this.#notice({ event: 'taken_up', run, title });
    } catch (error) {
      const failure = failureOf(error);
      if (!this.#refused.has(run)) this.#notice({ event: 'not_taken_up', run, failure });
      this.#refused.set(run, failure.retryable ? performance.now() + RETRY_MS : Infinity);
    }
  }
}

/** More runs than any store of one machine holds. */
const ALL = 1_000_000;

/** W1. Oldest first. */
async function unfinished(store: EventStore): Promise<readonly RunRow[]> {
  const rows = await store.runs({ statuses: ['queued', 'running'], limit: ALL });
  return rows.filter(({ origin }) => origin === undefined).toReversed();
}

function observerOf(notice: WorkerOptions['notice']): RunObserver {
  return {
    committed: (events, { run, title, status, failure, waitingFor }) => {
      for (const { payload } of events)
        if (payload.type === 'run.created') notice({ event: 'started', run, title });
        else if (REST.has(payload.type)) notice({ event: 'rested', run, status, failure, waitingFor });
    },
    progress: () => {},
  };
}

const REST: ReadonlySet<string> = new Set(['run.paused', 'run.succeeded', 'run.failed', 'run.cancelled']);
