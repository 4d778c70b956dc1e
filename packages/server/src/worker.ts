import { setTimeout as sleep } from 'node:timers/promises';
import {
  fold,
  isOwned,
  ownerOf,
  Rounds,
  systemClock,
  type EventStore,
  type RunObserver,
  type RunState,
} from '@vltair/core';
import { VltairError, type Failure } from '@vltair/protocol';
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
/** More runs than any store of one machine holds. */
const ALL = 1_000_000;

/**
 * Works on every unfinished run of a store, and answers its inbox, until it is told to leave. While another process
 * owns the store it stands by, and takes over at once when that one goes. Any number of workers work on a shared store,
 * each on what it has begun or found without a living owner, as far as it has room.
 *
 * W1 Runs of other stores, and runs that wait for a person, are left alone.
 * W2 Whoever leaves has begun nothing more, has let what was in flight end within the grace, and owns nothing.
 */
export async function work(options: WorkerOptions): Promise<void> {
  const isShared = options.configuration.databaseUrl !== undefined;
  const app = isShared ? await openApplication({ ...options, isWorker: true }) : await untilOwner(options);
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
    const unfinished = await store.runs({ statuses: ['queued', 'running'], limit: ALL });
    return unfinished.every(({ origin }) => origin !== undefined) && (await store.inbox()).length === 0;
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
    const rounds = roundsOf(app, options);
    while (!signal.aborted) {
      if (!options.drain) await Promise.race([rounds.walk(), wakeUp]);
      else if (await isIdle(app, rounds)) break;
      await Promise.race([sleep(POLL_MS), wakeUp]);
    }
    notice({ event: 'draining', inFlight: app.runtime.metrics().busy });
    await app.runtime.drain(graceMs);
  } finally {
    observation.stop();
    await app.close();
  }
}

function roundsOf({ store, runtime }: Application, { notice, warn }: WorkerOptions): Rounds {
  return new Rounds({
    warn,
    store,
    runtime,
    clock: systemClock,
    takenUp: ({ run, title }) => notice({ event: 'taken_up', run, title }),
    notTakenUp: ({ run }, failure) => notice({ event: 'not_taken_up', run, failure }),
  });
}

function sleepUntilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** Whether nothing is left to do here: what is unfinished could not be taken up, or only waits for children that wait for people. */
async function isIdle({ store, runtime }: Application, rounds: Rounds): Promise<boolean> {
  const rows = await rounds.turn();
  if (runtime.epochs?.length === 0) return false; // its lease is lost: what it had is at work or free soon
  if (runtime.metrics().busy > 0 || (await store.inbox()).length > 0) return false;
  for (const { run } of rows) if (!rounds.isRefused(run) && !(await isLeft(store, run))) return false;
  return true;
}

async function isLeft(store: EventStore, run: string): Promise<boolean> {
  const state = fold(await store.read(run));
  return state !== undefined && (await restsIn(store, state));
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
