import { commitStatementSchema, type ErrorReason, fingerprintOf, merkleRoot, VltairError } from '@vltair/protocol';
import type { EventStore, SignedCommit } from '../ports/event-store.ts';
import { type ChainPoint, chainPointOf, chainStart, faultOfLink } from './chain-check.ts';
import { isStatusAfter } from './run-status.ts';
import { sha256 } from './sha256.ts';
import { isSignedBy } from './signing-key.ts';

export type RunVerdict =
  | {
      readonly kind: 'verified';
      readonly run: string;
      readonly count: number;
      readonly head: string;
      readonly status: string;
      /** Of all keys that signed commits of this run. */
      readonly fingerprints: readonly string[];
      readonly purged: number;
    }
  | { readonly kind: 'refused'; readonly reason: ErrorReason; readonly seq: number; readonly detail: string };

const PAGE = 500;

/**
 * Checks a run where it is stored: its chain up to its row, and that each event stands under a commit that a key signed,
 * the pinned one if there is one. Against someone who holds the key, or who cuts the end of the whole store, only a head
 * that was noted elsewhere helps.
 *
 * @throws VltairError `not_found/run`.
 */
export async function verifyRun(store: EventStore, run: string, pinned?: string): Promise<RunVerdict> {
  const row = await store.run(run);
  if (row === undefined) throw new VltairError('not_found/run', { detail: run });
  const commits = await store.commitsOf(run);
  const signed = readCommits(commits, pinned);
  if (signed.kind === 'refused') return { kind: 'refused', reason: signed.reason, seq: 0, detail: signed.detail };
  const walk = await walkChain(store, run, row.seq, signed.hashes);
  if (walk.kind === 'refused') return walk;
  const { point, types, purged } = walk;
  const head = await store.head(run);
  const refused = (detail: string): RunVerdict => ({
    kind: 'refused',
    reason: 'internal/chain_broken',
    seq: row.seq,
    detail,
  });
  if (head?.seq === row.seq && head.hash !== point.hash) return refused('the head is not the hash of the last event');
  if (!isStatusAfter(row.status, types)) return refused(`the status ${row.status} does not follow from the events`);
  return {
    kind: 'verified',
    run,
    count: row.seq,
    head: point.hash,
    status: row.status,
    fingerprints: signed.fingerprints,
    purged,
  };
}

type SignedHashes =
  | { readonly kind: 'signed'; readonly hashes: ReadonlySet<string>; readonly fingerprints: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: ErrorReason; readonly detail: string };

/** The hashes that signed commits vouch for. */
function readCommits(commits: readonly SignedCommit[], pinned: string | undefined): SignedHashes {
  const fingerprints = new Set<string>();
  for (const commit of commits) {
    const detail = faultOfCommit(commit);
    if (detail !== undefined) return { kind: 'refused', reason: 'internal/chain_broken', detail };
    const fingerprint = fingerprintOf(commit.publicKey, sha256);
    if (pinned !== undefined && fingerprint !== pinned) {
      return {
        kind: 'refused',
        reason: 'invalid_argument/export_key',
        detail: `a commit is signed by ${fingerprint}, not ${pinned}`,
      };
    }
    fingerprints.add(fingerprint);
  }
  return { kind: 'signed', hashes: new Set(commits.flatMap(({ hashes }) => hashes)), fingerprints: [...fingerprints] };
}

function faultOfCommit(commit: SignedCommit): string | undefined {
  try {
    return faultOfStatement(commit);
  } catch (error) {
    // An event hash that is no hex: some line under this commit is damaged.
    return `events of a commit cannot be hashed: ${String(error)}`;
  }
}

/** The signature comes first: what it covers is a statement, whatever the database says. */
function faultOfStatement({ statement, signature, publicKey, hashes }: SignedCommit): string | undefined {
  if (!isSignedBy(publicKey, statement, signature)) return `the signature under ${statement} does not hold`;
  const { commit, root, firstPosition, lastPosition } = commitStatementSchema.parse(JSON.parse(statement));
  if (hashes.length !== lastPosition - firstPosition + 1) return `events of commit ${commit} are missing`;
  return merkleRoot(hashes, sha256) === root
    ? undefined
    : `the events of commit ${commit} are not those that were signed`;
}

type Walk =
  | { readonly kind: 'whole'; readonly point: ChainPoint; readonly types: readonly string[]; readonly purged: number }
  | Extract<RunVerdict, { kind: 'refused' }>;

async function walkChain(store: EventStore, run: string, until: number, signed: ReadonlySet<string>): Promise<Walk> {
  let point = chainStart(run);
  const types: string[] = [];
  let purged = 0;
  while (point.seq < until) {
    const page = await store.entries(run, point.seq, Math.min(PAGE, until - point.seq));
    if (page.length === 0) return refusedAt(point.seq + 1, 'it is missing');
    for (const entry of page) {
      const fault = faultOfLink(entry, point) ?? (signed.has(entry.hash) ? undefined : 'no signed commit holds it');
      if (fault !== undefined) return refusedAt(point.seq + 1, fault);
      point = chainPointOf(entry);
      types.push(entry.header.type);
      if (entry.payload === undefined) purged += 1;
    }
  }
  return { kind: 'whole', point, types, purged };
}

function refusedAt(seq: number, detail: string): Extract<RunVerdict, { kind: 'refused' }> {
  return { kind: 'refused', reason: 'internal/chain_broken', seq, detail };
}
