import { availableParallelism } from 'node:os';
import {
  describeDatabase,
  type EventStore,
  type LivingWriter,
  type OwnerProcess,
  type RunStatus,
  type StoreIdentity,
} from '@vltair/core';
import { CHAIN_FORMAT, failureOf, VltairError, type Failure, type RedactionSettings } from '@vltair/protocol';
import { builtInAgents, type AgentCard } from './agent-cards.ts';
import type { Configuration } from './environment.ts';
import { liveOwner } from './follow-run.ts';
import { runsLeftAlone, type RunLeftAlone } from './left-alone.ts';
import {
  metricsOf,
  NO_TOTALS,
  readMetrics,
  sumOfTotals,
  type StoreMetrics,
  type WorkerMetrics,
} from './metrics-file.ts';
import { openStore, type StoreOptions } from './open-store.ts';

export interface StatusReport {
  readonly version: string;
  readonly node: string;
  readonly dataDirectory: string;
  /** Where the store is, without a password; `undefined`: in the data directory. */
  readonly database: string | undefined;
  readonly store: StoreCondition;
  /** The process that works in the data directory now; a store in a database has workers instead. */
  readonly owner: OwnerProcess | undefined;
  readonly agents: readonly AgentCard[];
  readonly redaction: RedactionSettings;
}

type Condition<T> =
  | { readonly kind: 'none' }
  | ({ readonly kind: 'open' } & T)
  | { readonly kind: 'unusable'; readonly failure: Failure };

type StoreCondition = Condition<{
  readonly logFormat: number;
  readonly runs: Readonly<Record<RunStatus, number>>;
  readonly identity: StoreIdentity;
  /** Of a store in a database: the processes that live and work on it. */
  readonly workers: readonly LivingWriter[];
  /** Runs among the newest unfinished ones that this version does not work on. */
  readonly leftAlone: readonly RunLeftAlone[];
  /** Of the key that signs here; `undefined` when this user cannot read it. */
  readonly fingerprint: string | undefined;
}>;

/** Unfinished runs that `status` looks into, the newest ones: `rehearse` looks at all of them. */
const LOOKED_AT = 200;

/** What is true of an installation and its store. Never fails because of the store: what is wrong with it is part of the answer. */
export async function reportStatus(
  options: StoreOptions & { readonly version: string; readonly configuration: Configuration },
): Promise<StatusReport> {
  const { version, configuration, dataDirectory } = options;
  const { databaseUrl } = configuration;
  return {
    version,
    node: process.versions.node,
    dataDirectory,
    database: databaseUrl === undefined ? undefined : describeDatabase(databaseUrl),
    store: await conditionOf(options, async (store) => ({
      logFormat: CHAIN_FORMAT,
      runs: await store.counts(),
      identity: await store.identity(),
      workers: (await store.leases?.living()) ?? [],
      leftAlone: await runsLeftAlone(store, LOOKED_AT),
      fingerprint: fingerprintOf(store),
    })),
    owner: databaseUrl === undefined ? liveOwner(dataDirectory) : undefined,
    agents: builtInAgents,
    redaction: configuration.redaction,
  };
}

/**
 * `queued`: runs that wait for their first attempt, or, when there is no owner, for a process. `workers`: attempts that
 * the live owner works on at a time. `stopped`: there is none. The totals count over all owners of the store; of a store
 * in a database, everything counts over the workers that live.
 */
export interface QueueReport {
  readonly ok: true;
  readonly queued: number;
  readonly workers: number;
  readonly stopped: boolean;
  readonly totals: StoreMetrics['totals'];
}

export async function reportQueue(options: StoreOptions, { testMode }: Configuration): Promise<QueueReport> {
  const condition = await conditionOf(options, async (store) => ({
    runs: await store.counts(),
    living: await store.leases?.living(),
  }));
  if (condition.kind === 'unusable')
    throw new VltairError(condition.failure.reason, {
      detail: condition.failure.message,
      where: options.dataDirectory,
    });
  const { queued, running } = condition.kind === 'open' ? condition.runs : noRuns();
  if (condition.kind === 'open' && condition.living !== undefined)
    return sharedQueue(condition.living, queued + running);
  const metrics = readMetrics(options.dataDirectory);
  const totals = metrics?.totals ?? NO_TOTALS;
  const owner = liveOwner(options.dataDirectory);
  if (owner === undefined) return { ok: true, queued: queued + running, workers: 0, stopped: true, totals };
  const usual = { waiting: queued, workers: testMode ? 1 : availableParallelism() };
  const { waiting, workers } = metrics?.pid === owner.pid ? metrics : usual;
  return { ok: true, queued: waiting, workers, stopped: false, totals };
}

/** Of a store in a database: all that its living workers tell together. */
function sharedQueue(living: readonly LivingWriter[], unfinished: number): QueueReport {
  const told = living.flatMap((writer) => metricsOf(writer.told));
  const sum = (value: (metrics: WorkerMetrics) => number): number => told.reduce((all, each) => all + value(each), 0);
  return {
    ok: true,
    queued: living.length === 0 ? unfinished : sum(({ waiting }) => waiting),
    workers: sum(({ workers }) => workers),
    stopped: living.length === 0,
    totals: told.reduce((all, each) => sumOfTotals(all, each), NO_TOTALS),
  };
}

async function conditionOf<T>(options: StoreOptions, read: (store: EventStore) => Promise<T>): Promise<Condition<T>> {
  let store: EventStore | undefined;
  try {
    store = await openStore(options, 'read');
    return { kind: 'open', ...(await read(store)) };
  } catch (error) {
    if (error instanceof VltairError && error.reason === 'not_found/store') return { kind: 'none' };
    return { kind: 'unusable', failure: failureOf(error) };
  } finally {
    await store?.close();
  }
}

function noRuns(): Record<RunStatus, number> {
  return { queued: 0, running: 0, paused: 0, succeeded: 0, failed: 0, cancelled: 0 };
}

/** The fingerprint of the key that signs in a store. */
export function fingerprintOf(store: EventStore): string | undefined {
  try {
    return store.signer().fingerprint;
  } catch {
    // The key's file is closed to everyone but the owner: whoever may not read it can read the runs all the same.
    return undefined;
  }
}
