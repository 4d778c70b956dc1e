import { commitStatementSchema, type ErrorReason, fingerprintOf, GENESIS, merkleRoot } from '@vltair/protocol';
import type { EventStore, SignedCommit } from '../ports/event-store.ts';
import { sha256 } from './sha256.ts';
import { isSignedBy } from './signing-key.ts';

export type CommitsVerdict = VerifiedCommits | RefusedCommits;

/** The signed history of a whole store. Whoever notes `head` elsewhere can later tell whether its end was cut off. */
export interface VerifiedCommits {
  readonly kind: 'verified';
  /** How many group commits there are. */
  readonly commits: number;
  /** SHA-256 of the newest statement. */
  readonly head: string;
  /** Every event up to here stands under a signed root; none is missing. */
  readonly lastPosition: number;
  /** Of the key that signed the newest commit; `undefined` when there are none. */
  readonly fingerprint: string | undefined;
}

export interface RefusedCommits {
  readonly kind: 'refused';
  readonly reason: ErrorReason;
  readonly commit: number;
  readonly detail: string;
}

/** What a commit says, read and found to be true of the events at its positions. */
export interface CommitPoint {
  readonly commit: number;
  readonly previous: string;
  readonly head: string;
  readonly firstPosition: number;
  readonly lastPosition: number;
}

/** Who may have signed, and from which position on it matters. */
export interface CommitsScope {
  /** Default: the key in the store's own key file, whatever the database says. */
  readonly pinned?: readonly string[];
  /** The signatures of commits that end before this position are not checked; default 1. */
  readonly from?: number;
}

const PAGE = 500;
const START: CommitPoint = { commit: 0, previous: '', head: GENESIS, firstPosition: 0, lastPosition: 0 };

/** Follows the chain of commits over every event of the store, and checks who signed them. */
export async function verifyCommits(
  store: Pick<EventStore, 'commits' | 'signer'>,
  { pinned = [store.signer().fingerprint], from = 1 }: CommitsScope = {},
): Promise<CommitsVerdict> {
  let point = START;
  let fingerprint: string | undefined;
  for (;;) {
    const page = await store.commits(point.commit, PAGE);
    for (const commit of page) {
      const next = pointOf(commit);
      const fault = typeof next === 'string' ? next : faultOfOrder(next, point);
      if (typeof next === 'string' || fault !== undefined) return refusedCommit(point.commit + 1, fault ?? '');
      const refusal = next.lastPosition < from ? undefined : refusalOfSigner(commit, next.commit, pinned);
      if (refusal !== undefined) return refusal;
      point = next;
    }
    const newest = page.at(-1);
    if (newest !== undefined) fingerprint = fingerprintOf(newest.publicKey, sha256);
    if (page.length < PAGE) break;
  }
  return { kind: 'verified', commits: point.commit, head: point.head, lastPosition: point.lastPosition, fingerprint };
}

/** What a commit states, or what is wrong with it by itself: everything but its signature and its place. */
export function pointOf({ statement, hashes }: SignedCommit): CommitPoint | string {
  try {
    const { commit, previous, root, firstPosition, lastPosition } = commitStatementSchema.parse(JSON.parse(statement));
    if (hashes.length !== lastPosition - firstPosition + 1) return 'some of its events are missing';
    if (merkleRoot(hashes, sha256) !== root) return 'its events are not those that were signed';
    return { commit, previous, head: sha256(Buffer.from(statement)), firstPosition, lastPosition };
  } catch (error) {
    // The statement is none, or an event's hash is no hex: damage, which is the answer.
    return `it cannot be read: ${String(error)}`;
  }
}

/** `undefined` when a pinned key has signed the commit. */
export function refusalOfSigner(
  { publicKey, statement, signature }: SignedCommit,
  commit: number,
  pinned: readonly string[],
): RefusedCommits | undefined {
  if (!isSignedBy(publicKey, statement, signature)) return refusedCommit(commit, 'its signature does not hold');
  const signer = fingerprintOf(publicKey, sha256);
  if (pinned.includes(signer)) return undefined;
  const detail = `it is signed by ${signer}, not ${pinned.join(' or ')}`;
  return { ...refusedCommit(commit, detail), reason: 'invalid_argument/export_key' };
}

export function refusedCommit(commit: number, fault: string): RefusedCommits {
  return { kind: 'refused', reason: 'internal/chain_broken', commit, detail: `commit ${commit}: ${fault}` };
}

function faultOfOrder({ commit, previous, firstPosition }: CommitPoint, before: CommitPoint): string | undefined {
  if (commit !== before.commit + 1 || previous !== before.head) return 'it does not follow the commit before it';
  return firstPosition === before.lastPosition + 1 ? undefined : `it starts at position ${firstPosition}`;
}
