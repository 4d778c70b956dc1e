import { commitStatementSchema, type ErrorReason, fingerprintOf, GENESIS, merkleRoot } from '@vltair/protocol';
import type { EventStore, SignedCommit } from '../ports/event-store.ts';
import { sha256 } from './sha256.ts';
import { isSignedBy } from './signing-key.ts';

export type CommitsVerdict =
  | VerifiedCommits
  | { readonly kind: 'refused'; readonly reason: ErrorReason; readonly commit: number; readonly detail: string };

/** The signed history of a whole store. Whoever notes `head` elsewhere can later tell whether its end was cut off. */
export interface VerifiedCommits {
  readonly kind: 'verified';
  /** How many group commits there are. */
  readonly commits: number;
  /** SHA-256 of the newest statement. */
  readonly head: string;
  /** Every event up to here stands under a signed root; none is missing. */
  readonly lastPosition: number;
  /** Of the key that signed the newest commit, which vouches for all before it by their hashes; `undefined` when there are none. */
  readonly fingerprint: string | undefined;
}

interface CommitPoint {
  readonly commit: number;
  readonly head: string;
  readonly lastPosition: number;
}

const PAGE = 500;
const START: CommitPoint = { commit: 0, head: GENESIS, lastPosition: 0 };

/** Follows the chain of commits over every event of the store, and checks the signature at its end. */
export async function verifyCommits(store: EventStore, pinned?: string): Promise<CommitsVerdict> {
  let point = START;
  let newest: SignedCommit | undefined;
  for (;;) {
    const page = await store.commits(point.commit, PAGE);
    for (const commit of page) {
      const next = nextPoint(commit, point);
      if (typeof next === 'string') return refused(point.commit + 1, next);
      point = next;
    }
    newest = page.at(-1) ?? newest;
    if (page.length < PAGE) return judgeEnd(point, newest, pinned);
  }
}

/** The point behind a commit, or what is wrong with it. */
function nextPoint({ statement, hashes }: SignedCommit, before: CommitPoint): CommitPoint | string {
  try {
    const { commit, previous, root, firstPosition, lastPosition } = commitStatementSchema.parse(JSON.parse(statement));
    if (commit !== before.commit + 1 || previous !== before.head) return 'it does not follow the commit before it';
    if (firstPosition !== before.lastPosition + 1) return `it starts at position ${firstPosition}`;
    if (hashes.length !== lastPosition - firstPosition + 1) return 'some of its events are missing';
    if (merkleRoot(hashes, sha256) !== root) return 'its events are not those that were signed';
    return { commit, head: sha256(Buffer.from(statement)), lastPosition };
  } catch (error) {
    // The statement is none, or an event's hash is no hex: damage, which is the answer.
    return `it cannot be read: ${String(error)}`;
  }
}

function judgeEnd(
  { commit, head, lastPosition }: CommitPoint,
  newest: SignedCommit | undefined,
  pinned: string | undefined,
): CommitsVerdict {
  const verified = { kind: 'verified', commits: commit, head, lastPosition } as const;
  if (newest === undefined) return { ...verified, fingerprint: undefined };
  if (!isSignedBy(newest.publicKey, newest.statement, newest.signature))
    return refused(commit, 'its signature does not hold');
  const fingerprint = fingerprintOf(newest.publicKey, sha256);
  if (pinned === undefined || pinned === fingerprint) return { ...verified, fingerprint };
  return { ...refused(commit, `it is signed by ${fingerprint}, not ${pinned}`), reason: 'invalid_argument/export_key' };
}

function refused(commit: number, fault: string): Extract<CommitsVerdict, { kind: 'refused' }> {
  return { kind: 'refused', reason: 'internal/chain_broken', commit, detail: `commit ${commit}: ${fault}` };
}
