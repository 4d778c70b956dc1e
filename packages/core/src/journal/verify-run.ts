import { type ErrorReason, VltairError } from '@vltair/protocol';
import type { EventStore, LogEntry, RunRow, SignedCommit } from '../ports/event-store.ts';
import type { SignedStatement } from './commit-table.ts';
import { type ChainPoint, chainPointOf, chainStart, faultOfLink } from './chain-check.ts';
import { isStatusAfter, statusesAfter } from './run-status.ts';
import {
  type CommitPoint,
  pointOf,
  type RefusedCommits,
  refusalOfSigner,
  refusedCommit,
  verifyCommits,
} from './verify-commits.ts';

export type RunVerdict = VerifiedRun | RefusedRun;

export interface VerifiedRun {
  readonly kind: 'verified';
  readonly run: string;
  readonly count: number;
  readonly head: string;
  /** As the events tell it. */
  readonly status: string;
  /** Of the key that signed the newest commit that was checked. */
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
 * Checks a run where it is stored.
 *
 * P1 Every commit of the store follows the one before and lacks no event; from the run's first event on, each is signed
 *    by a pinned key. Default: the key in the store's own key file, whatever the database says.
 * P2 The events of the run are a whole chain under those commits, and end where its row says: none lies behind.
 * P3 The row's status is one that its events lead to.
 *
 * Only against someone who holds the key, who replaces its file, or who cuts the end of the whole store, a fingerprint
 * and a head that were noted elsewhere are needed.
 *
 * @throws VltairError `not_found/run`.
 */
export async function verifyRun(store: EventStore, run: string, pinned?: readonly string[]): Promise<RunVerdict> {
  const row = await rowOf(store, run);
  const [first] = await store.entries(run, 0, 1);
  const from = first?.position ?? 1;
  const commits = await verifyCommits(store, pinned === undefined ? { from } : { from, pinned });
  if (commits.kind === 'refused') return refusedBy(commits);
  const { lastPosition, fingerprint } = commits;
  const isHeld = ({ position }: LogEntry): boolean => position <= lastPosition;
  return await verifyChain(store, row, { isHeld, fingerprint });
}

/** How many commits of 128 events are remembered: what a thousand runs that began together share, in a few megabytes. */
const REMEMBERED = 512;

/** What a commit that was proven states, and the hashes that its root stands for. */
interface Proven {
  readonly point: CommitPoint;
  readonly hashes: readonly string[];
}

/** Commits that were proven, by what was signed: runs share commits, and each is read and proven once. */
export class ProvenCommits {
  readonly #proven = new Map<string, Proven>();

  find(commit: SignedStatement): Proven | undefined {
    return this.#proven.get(textOf(commit));
  }

  add(commit: SignedCommit, point: CommitPoint): void {
    this.#proven.set(textOf(commit), { point, hashes: commit.hashes });
    const [oldest] = this.#proven.keys();
    if (this.#proven.size > REMEMBERED && oldest !== undefined) this.#proven.delete(oldest);
  }
}

function textOf({ statement, signature, publicKey }: SignedStatement): string {
  return JSON.stringify([statement, signature, publicKey]);
}

/**
 * The same against no more than the commits that hold the run's events: enough to go on with it, as nobody without the
 * key can change or add an event.
 *
 * @throws VltairError `not_found/run`.
 */
export async function verifyOwnCommits(
  store: Pick<EventStore, 'run' | 'head' | 'entries' | 'commitsOf' | 'signer'>,
  run: string,
  proven = new ProvenCommits(),
): Promise<RunVerdict> {
  const row = await rowOf(store, run);
  const { fingerprint } = store.signer();
  const held: Proven[] = [];
  for (let after = 0; ;) {
    const page = await store.commitsOf(run, after, PAGE);
    for (const commit of page) {
      const known = proven.find(commit);
      const point = known?.point ?? pointOf(commit);
      if (typeof point === 'string') return refusedBy(refusedCommit(after + 1, point));
      const refusal = known === undefined ? refusalOfSigner(commit, point.commit, [fingerprint]) : undefined;
      if (refusal !== undefined) return refusedBy(refusal);
      if (known === undefined) proven.add(commit, point);
      held.push(known ?? { point, hashes: commit.hashes });
      after = point.commit;
    }
    if (page.length < PAGE) break;
  }
  let at = 0; // events come in the order of their positions
  const isHeld = ({ position, hash }: LogEntry): boolean => {
    while ((held[at + 1]?.point.firstPosition ?? Infinity) <= position) at += 1;
    const commit = held[at];
    return commit?.hashes[position - commit.point.firstPosition] === hash;
  };
  return await verifyChain(store, row, { isHeld, fingerprint });
}

/** @throws VltairError `not_found/run`; `internal/chain_broken` naming run and seq. */
export async function requireVerifiedRun(store: EventStore, run: string): Promise<VerifiedRun> {
  return verifiedOrThrow(run, await verifyRun(store, run));
}

/** @throws VltairError `internal/chain_broken` naming run and seq. */
export function verifiedOrThrow(run: string, verdict: RunVerdict): VerifiedRun {
  if (verdict.kind === 'verified') return verdict;
  throw brokenRun(run, verdict.seq, verdict.detail);
}

export function brokenRun(run: string, seq: number, detail: string): VltairError {
  return new VltairError('internal/chain_broken', { detail: `run ${run}: ${detail}`, where: `${run}:${seq}` });
}

async function rowOf(store: Pick<EventStore, 'run'>, run: string): Promise<RunRow> {
  const row = await store.run(run);
  if (row === undefined) throw new VltairError('not_found/run', { detail: run });
  return row;
}

interface Held {
  /** Whether a signed commit holds an event. */
  readonly isHeld: (entry: LogEntry) => boolean;
  readonly fingerprint: string | undefined;
}

type RunReader = Pick<EventStore, 'run' | 'head' | 'entries'>;

/** P2 and P3. */
async function verifyChain(store: RunReader, row: RunRow, { isHeld, fingerprint }: Held): Promise<RunVerdict> {
  const walk = await walkChain(store, row, isHeld);
  if (walk.kind === 'refused') return walk;
  const { point, types, purged } = walk;
  if (await isCut(store, row)) return refusedAt(row.seq + 1, 'it lies behind the end of the run');
  const head = await store.head(row.run);
  if (head?.seq === row.seq && head.hash !== point.hash)
    return refusedAt(row.seq, 'the head is not the hash of the last event');
  if (!isStatusAfter(row.status, types))
    return refusedAt(row.seq, `the status ${row.status} does not follow from the events`);
  const status = statusesAfter(types).at(-1) ?? row.status;
  return { kind: 'verified', run: row.run, count: row.seq, head: point.hash, status, fingerprint, purged };
}

/** An event behind the row's seq is an append that came meanwhile, which has moved the row, or what a cut has left. */
async function isCut(store: RunReader, { run, seq }: RunRow): Promise<boolean> {
  const [beyond] = await store.entries(run, seq, 1);
  if (beyond === undefined) return false;
  const now = await store.head(run);
  return now === undefined || now.seq < beyond.header.seq;
}

interface Walk {
  readonly kind: 'whole';
  readonly point: ChainPoint;
  readonly types: readonly string[];
  readonly purged: number;
}

async function walkChain(store: RunReader, { run, seq }: RunRow, isHeld: Held['isHeld']): Promise<Walk | RefusedRun> {
  let point = chainStart(run);
  const types: string[] = [];
  let purged = 0;
  while (point.seq < seq) {
    const page = await store.entries(run, point.seq, Math.min(PAGE, seq - point.seq));
    if (page.length === 0) return refusedAt(point.seq + 1, 'it is missing');
    for (const entry of page) {
      const fault = faultOfLink(entry, point) ?? (isHeld(entry) ? undefined : 'no signed commit holds it');
      if (fault !== undefined) return refusedAt(point.seq + 1, fault);
      point = chainPointOf(entry);
      types.push(entry.header.type);
      if (entry.payload === undefined) purged += 1;
    }
  }
  return { kind: 'whole', point, types, purged };
}

function refusedBy({ reason, detail }: RefusedCommits): RefusedRun {
  return { kind: 'refused', reason, seq: 0, detail };
}

function refusedAt(seq: number, detail: string): RefusedRun {
  return { kind: 'refused', reason: 'internal/chain_broken', seq, detail: `event ${seq}: ${detail}` };
}
