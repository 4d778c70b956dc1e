import { availableParallelism } from 'node:os';
import type { EventStore, OwnerProcess, RunStatus } from '@vltair/core';
import { CHAIN_FORMAT, failureOf, VltairError, type Failure, type RedactionSettings } from '@vltair/protocol';
import { builtInAgents, type AgentCard } from './agent-cards.ts';
import type { Configuration } from './environment.ts';
import { liveOwner } from './follow-run.ts';
import { openStore, type StoreOptions } from './open-store.ts';

export interface StatusReport {
  readonly version: string;
  readonly node: string;
  readonly dataDirectory: string;
  readonly store: StoreCondition;
  /** The process that works in the data directory now. */
  readonly owner: OwnerProcess | undefined;
  readonly agents: readonly AgentCard[];
  readonly redaction: RedactionSettings;
}

type StoreCondition =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'open';
      readonly logFormat: number;
      readonly runs: Readonly<Record<RunStatus, number>>;
      /** Of the key that signs here; `undefined` when this user cannot read it. */
      readonly fingerprint: string | undefined;
    }
  | { readonly kind: 'unusable'; readonly failure: Failure };

/** What is true of an installation and its store. Never fails because of the store: what is wrong with it is part of the answer. */
export async function reportStatus(
  options: StoreOptions & { readonly version: string; readonly configuration: Configuration },
): Promise<StatusReport> {
  const { version, configuration, dataDirectory } = options;
  return {
    version,
    node: process.versions.node,
    dataDirectory,
    store: await conditionOf(options),
    owner: liveOwner(dataDirectory),
    agents: builtInAgents,
    redaction: configuration.redaction,
  };
}

/** `queued`: runs that wait for a worker. `workers`: attempts that the live owner works on at a time. `stopped`: there is none. */
export interface QueueReport {
  readonly ok: true;
  readonly queued: number;
  readonly workers: number;
  readonly stopped: boolean;
}

export async function reportQueue(options: StoreOptions, { testMode }: Configuration): Promise<QueueReport> {
  const condition = await conditionOf(options);
  if (condition.kind === 'unusable')
    throw new VltairError(condition.failure.reason, { detail: options.dataDirectory, where: options.dataDirectory });
  const stopped = liveOwner(options.dataDirectory) === undefined;
  const { queued, running } = condition.kind === 'open' ? condition.runs : noRuns();
  const workers = testMode ? 1 : availableParallelism();
  return { ok: true, queued: stopped ? queued + running : queued, workers: stopped ? 0 : workers, stopped };
}

async function conditionOf(options: StoreOptions): Promise<StoreCondition> {
  let store: EventStore | undefined;
  try {
    store = await openStore(options, 'read');
    return {
      kind: 'open',
      logFormat: CHAIN_FORMAT,
      runs: await countRuns(store),
      fingerprint: fingerprintOf(store),
    };
  } catch (error) {
    if (error instanceof VltairError && error.reason === 'not_found/store') return { kind: 'none' };
    return { kind: 'unusable', failure: failureOf(error) };
  } finally {
    await store?.close();
  }
}

const ALL = 1_000_000;

async function countRuns(store: EventStore): Promise<Readonly<Record<RunStatus, number>>> {
  const counts = noRuns();
  for (const { status } of await store.runs({ limit: ALL })) counts[status] += 1;
  return counts;
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
