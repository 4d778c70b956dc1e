import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { canonicalJson, CHAIN_FORMAT, type CommitStatement, GENESIS, merkleRoot } from '@vltair/protocol';
import type { SignedCommit, Signer } from '../ports/event-store.ts';
import { sha256 } from './sha256.ts';
import { integerIn, type SqliteRow, textIn } from './sqlite-row.ts';

/** The table `commits`: a signed statement for each group commit, each naming the one before. */
export class CommitTable {
  readonly #insert: StatementSync;
  readonly #insertKey: StatementSync;
  readonly #last: StatementSync;
  readonly #after: StatementSync;
  readonly #ofRun: StatementSync;
  readonly #hashes: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare(
      'INSERT INTO commits (number, first_position, last_position, statement, signature, fingerprint) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#insertKey = database.prepare('INSERT OR IGNORE INTO keys (fingerprint, public_key) VALUES (?, ?)');
    this.#last = database.prepare('SELECT number, statement FROM commits ORDER BY number DESC LIMIT 1');
    this.#after = database.prepare(
      `SELECT c.first_position, c.last_position, c.statement, c.signature, k.public_key
       FROM commits c JOIN keys k ON k.fingerprint = c.fingerprint WHERE c.number > ? ORDER BY c.number LIMIT ?`,
    );
    this.#ofRun = database.prepare(
      `SELECT c.first_position, c.last_position, c.statement, c.signature, k.public_key
       FROM commits c JOIN keys k ON k.fingerprint = c.fingerprint
       WHERE c.number > :number AND c.last_position IN (
         SELECT (SELECT min(last_position) FROM commits WHERE last_position >= e.position) FROM
           (SELECT position FROM events WHERE run = :run
            UNION ALL SELECT position FROM archived_events WHERE run = (SELECT number FROM runs WHERE run = :run)) e)
       ORDER BY c.number LIMIT :limit`,
    );
    this.#hashes = database.prepare(
      `SELECT position, hash FROM events WHERE position BETWEEN :first AND :last
       UNION ALL SELECT position, lower(hex(hash)) FROM archived_events WHERE position BETWEEN :first AND :last
       ORDER BY position`,
    );
  }

  /** Signs the events with these hashes, the first of which is at `firstPosition`. */
  sign(firstPosition: number, hashes: readonly string[], signer: Signer): void {
    const { number, previous } = this.#head();
    const statement: CommitStatement = {
      format: CHAIN_FORMAT,
      commit: number + 1,
      firstPosition,
      lastPosition: firstPosition + hashes.length - 1,
      root: merkleRoot(hashes, sha256),
      previous,
    };
    const text = canonicalJson(statement);
    this.#insertKey.run(signer.fingerprint, signer.publicKey);
    this.#insert.run(
      statement.commit,
      firstPosition,
      statement.lastPosition,
      text,
      signer.sign(text),
      signer.fingerprint,
    );
  }

  after(number: number, limit: number): readonly SignedCommit[] {
    return this.#after.all(number, limit).map((row) => this.#commitOf(row));
  }

  ofRun(run: string, number: number, limit: number): readonly SignedCommit[] {
    return this.#ofRun.all({ number, run, limit }).map((row) => this.#commitOf(row));
  }

  #commitOf(row: SqliteRow): SignedCommit {
    return {
      statement: textIn(row, 'statement'),
      signature: textIn(row, 'signature'),
      publicKey: textIn(row, 'public_key'),
      hashes: this.#hashesOf(row),
    };
  }

  #hashesOf(row: SqliteRow): readonly string[] {
    const rows = this.#hashes.all({
      first: integerIn(row, 'first_position'),
      last: integerIn(row, 'last_position'),
    });
    return rows.map((event) => textIn(event, 'hash'));
  }

  #head(): { readonly number: number; readonly previous: string } {
    const row = this.#last.get();
    if (row === undefined) return { number: 0, previous: GENESIS };
    return { number: integerIn(row, 'number'), previous: sha256(Buffer.from(textIn(row, 'statement'))) };
  }
}
