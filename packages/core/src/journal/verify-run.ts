import { type ErrorReason, VltairError } from '@vltair/protocol';
import type { EventStore, LogEntry } from '../ports/event-store.ts';
import { type ChainPoint, chainPointOf, chainStart, faultOfLink } from './chain-check.ts';
import { isStatusAfter } from './run-status.ts';
import { verifyCommits } from './verify-commits.ts';

export type RunVerdict = VerifiedRun | RefusedRun;

export interface VerifiedRun {
  readonly kind: 'verified';
  readonly run: string;
  readonly count: number;
  readonly head: string;
  readonly status: string;
  /** Of the key that signed the newest commit of the store. */
  readonly fingerprint: string | undefined;
  /** How many events have lost their payload to a purge. */
  readonly purged: number;
}

/** `seq` is the first that does not hold; 0 when the commits of the store do not, whichever run they damage. */
export interface RefusedRun {
  readonly kind: 'refused';
  readonly reason: ErrorReason;
  readonly seq: number;
  readonly detail: string;
}

const PAGE = 500;

/**
 * Checks a run where it is stored: the signed commits of the store, which lack no event, and the run's chain up to its
 * row. Only against someone who holds the key, or who cuts the end of the whole store, a head that was noted elsewhere
 * is needed.
 *
 * @throws VltairError `not_found/run`.
 */
export async function verifyRun(store: EventStore, run: string, pinned?: string): Promise<RunVerdict> {
  const row = await store.run(run);
  if (row === undefined) throw new VltairError('not_found/run', { detail: run });
  const commits = await verifyCommits(store, pinned);
  if (commits.kind === 'refused') return { kind: 'refused', reason: commits.reason, seq: 0, detail: commits.detail };
  const walk = await walkChain(store, run, { until: row.seq, lastPosition: commits.lastPosition });
  if (walk.kind === 'refused') return walk;
  const { point, types, purged } = walk;
  const head = await store.head(run);
  if (head?.seq === row.seq && head.hash !== point.hash)
    return refusedAt(row.seq, 'the head is not the hash of the last event');
  if (!isStatusAfter(row.status, types))
    return refusedAt(row.seq, `the status ${row.status} does not follow from the events`);
  return {
    kind: 'verified',
    run,
    count: row.seq,
    head: point.hash,
    status: row.status,
    fingerprint: commits.fingerprint,
    purged,
  };
}

interface Walk {
  readonly kind: 'whole';
  readonly point: ChainPoint;
  readonly types: readonly string[];
  readonly purged: number;
}

interface WalkLimits {
  readonly until: number;
  /** Events behind this position are under no commit. */
  readonly lastPosition: number;
}

async function walkChain(
  store: EventStore,
  run: string,
  { until, lastPosition }: WalkLimits,
): Promise<Walk | RefusedRun> {
  let point = chainStart(run);
  const types: string[] = [];
  let purged = 0;
  const faultOf = (entry: LogEntry): string | undefined =>
    faultOfLink(entry, point) ?? (entry.position > lastPosition ? 'no signed commit holds it' : undefined);
  while (point.seq < until) {
    const page = await store.entries(run, point.seq, Math.min(PAGE, until - point.seq));
    if (page.length === 0) return refusedAt(point.seq + 1, 'it is missing');
    for (const entry of page) {
      const fault = faultOf(entry);
      if (fault !== undefined) return refusedAt(point.seq + 1, fault);
      point = chainPointOf(entry);
      types.push(entry.header.type);
      if (entry.payload === undefined) purged += 1;
    }
  }
  return { kind: 'whole', point, types, purged };
}

function refusedAt(seq: number, detail: string): RefusedRun {
  return { kind: 'refused', reason: 'internal/chain_broken', seq, detail: `event ${seq}: ${detail}` };
}
