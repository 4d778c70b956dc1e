import { canonicalJson, CHAIN_FORMAT, type CommitStatement, GENESIS, merkleRoot } from '@vltair/protocol';
import type { SignedCommit, Signer } from '../ports/event-store.ts';
import { hexIn } from './archive-table.ts';
import { integerIn, type Row, textIn } from './row.ts';
import { sha256 } from './sha256.ts';
import { type Ask, ask, askAll, batch, type Parameters, rowOf, rowsOf, statement, type Work } from './statement.ts';

/* The table `commits`: a signed statement for each group commit, each naming the one before. */
const insertKey = batch({
  into: 'keys',
  columns: { fingerprint: 'text', public_key: 'text' },
  then: 'ON CONFLICT DO NOTHING',
});
const insertCommit = batch({
  into: 'commits',
  columns: {
    number: 'bigint',
    first_position: 'bigint',
    last_position: 'bigint',
    statement: 'text',
    signature: 'text',
    fingerprint: 'text',
  },
});
const selectNewest = statement(
  'SELECT number, last_position, statement, signature, fingerprint FROM commits ORDER BY number DESC LIMIT 1',
);
const selectKeys = statement('SELECT fingerprint FROM keys ORDER BY fingerprint');
const selectSignature = statement('SELECT signature FROM commits WHERE number = :number');
const SELECT = `SELECT c.first_position, c.last_position, c.statement, c.signature, k.public_key
  FROM commits c JOIN keys k ON k.fingerprint = c.fingerprint`;
const selectAfter = statement(`${SELECT} WHERE c.number > :number ORDER BY c.number LIMIT :limit`);
const selectOfRun = statement(
  `${SELECT} WHERE c.number > :number AND c.last_position IN (
     SELECT (SELECT min(last_position) FROM commits WHERE last_position >= e.position) FROM
       (SELECT position FROM events WHERE run = :run
        UNION ALL SELECT position FROM archived_events WHERE run = (SELECT number FROM runs WHERE run = :run)) e)
   ORDER BY c.number LIMIT :limit`,
);
/** Those of every tenant: a commit is proven by all of them. */
const selectHashes = statement(
  'SELECT position, hash FROM events WHERE position BETWEEN :first AND :last',
  'SELECT position, hash FROM live_hashes(:first, :last)',
);
const selectArchivedHashes = statement(
  'SELECT position, hash FROM archived_events WHERE position BETWEEN :first AND :last',
);

/** The newest commit, as its row says. */
export interface NewestCommit {
  readonly number: number;
  readonly lastPosition: number;
  readonly statement: string;
  readonly signature: string;
  readonly fingerprint: string;
}

export const askNewestCommit: Ask = ask(selectNewest);

export function newestCommitIn(rows: readonly Row[] | undefined): NewestCommit | undefined {
  const row = rows?.[0];
  if (row === undefined) return undefined;
  return {
    number: integerIn(row, 'number'),
    lastPosition: integerIn(row, 'last_position'),
    statement: textIn(row, 'statement'),
    signature: textIn(row, 'signature'),
    fingerprint: textIn(row, 'fingerprint'),
  };
}

/** What is signed: the events with these hashes, at the positions that follow the newest commit. */
export interface CommitWish {
  readonly newest: NewestCommit | undefined;
  readonly hashes: readonly string[];
}

/** A signed commit that is still to be written. Nobody else makes the same signature. */
export interface SignedMark {
  readonly number: number;
  readonly signature: string;
  readonly asks: readonly Ask[];
}

/** Signs the commit that follows the newest. */
export function signCommit({ newest, hashes }: CommitWish, signer: Signer): SignedMark {
  const firstPosition = (newest?.lastPosition ?? 0) + 1;
  const lastPosition = firstPosition + hashes.length - 1;
  const said: CommitStatement = {
    format: CHAIN_FORMAT,
    commit: (newest?.number ?? 0) + 1,
    firstPosition,
    lastPosition,
    root: merkleRoot(hashes, sha256),
    previous: newest === undefined ? GENESIS : sha256(Buffer.from(newest.statement)),
  };
  const text = canonicalJson(said);
  const { fingerprint } = signer;
  const signature = signer.sign(text);
  const commit: Parameters = {
    number: said.commit,
    first_position: firstPosition,
    last_position: lastPosition,
    statement: text,
    signature,
    fingerprint,
  };
  const isKnown = newest?.fingerprint === fingerprint;
  const asks = [...(isKnown ? [] : [askAddKey(signer)]), ...askAll(insertCommit, [commit])];
  return { number: said.commit, signature, asks };
}

export function askAddKey({ fingerprint, publicKey }: Signer): Ask {
  return { statement: insertKey, rows: [{ fingerprint, public_key: publicKey }] };
}

/** The fingerprints of the keys that may sign this store. */
export function* signersOfStore(): Work<readonly string[]> {
  return (yield* rowsOf(selectKeys)).map((row) => textIn(row, 'fingerprint'));
}

/** Whether a commit is there that was signed, but whose writing was not acknowledged. */
export function* hasCommit({ number, signature }: Pick<SignedMark, 'number' | 'signature'>): Work<boolean> {
  const row = yield* rowOf(selectSignature, { number });
  return row?.['signature'] === signature;
}

export function* commitsAfter(number: number, limit: number): Work<readonly SignedCommit[]> {
  return yield* commitsOfRows(yield* rowsOf(selectAfter, { number, limit }));
}

/** A commit without the hashes of its events, which its statement names by their root. */
export type SignedStatement = Omit<SignedCommit, 'hashes'>;
/** The hashes that somebody has seen under the root of this very statement. */
export type KnownHashes = (commit: SignedStatement) => readonly string[] | undefined;

/** Those that hold events of a run. Hashes that are known are not read again: runs share commits. */
export function* commitsOfRun(
  run: string,
  number: number,
  limit: number,
  known?: KnownHashes,
): Work<readonly SignedCommit[]> {
  return yield* commitsOfRows(yield* rowsOf(selectOfRun, { run, number, limit }), known);
}

function* commitsOfRows(rows: readonly Row[], known?: KnownHashes): Work<readonly SignedCommit[]> {
  const commits = rows.map((row) => {
    const said = statementIn(row);
    return { row, said, hashes: known?.(said) };
  });
  const unknown = commits.filter(({ hashes }) => hashes === undefined).map(({ row }) => row);
  const found = yield unknown.flatMap((row) => {
    const range = { first: integerIn(row, 'first_position'), last: integerIn(row, 'last_position') };
    return [ask(selectHashes, range), ask(selectArchivedHashes, range)];
  });
  const read = new Map(
    unknown.map((row, index) => [row, hashesOf(found[2 * index] ?? [], found[2 * index + 1] ?? [])]),
  );
  return commits.map(({ row, said, hashes = read.get(row) ?? [] }) => ({ ...said, hashes }));
}

function statementIn(row: Row): SignedStatement {
  return {
    statement: textIn(row, 'statement'),
    signature: textIn(row, 'signature'),
    publicKey: textIn(row, 'public_key'),
  };
}

function hashesOf(live: readonly Row[], archived: readonly Row[]): readonly string[] {
  const placed = [
    ...live.map((row) => ({ position: integerIn(row, 'position'), hash: textIn(row, 'hash') })),
    ...archived.map((row) => ({ position: integerIn(row, 'position'), hash: hexIn(row) })),
  ];
  return placed.toSorted((a, b) => a.position - b.position).map(({ hash }) => hash);
}
