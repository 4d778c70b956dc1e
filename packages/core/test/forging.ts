import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  canonicalJson,
  CHAIN_FORMAT,
  type CommitStatement,
  digestPayload,
  type EventHeader,
  eventKinds,
  GENESIS,
  hashHeader,
  merkleRoot,
} from '@vltair/protocol';
import type { Signer } from '../src/ports/event-store.ts';
import { sha256 } from '../src/journal/sha256.ts';
import { storeKeyOf } from '../src/journal/signing-key.ts';
import { integerIn, oneOfIn, type Row, textIn } from '../src/journal/row.ts';

/** What somebody does to a database who may write it but has not the signing key. Every hash fits afterwards. */
export class Forger {
  readonly #path: string;

  constructor(directory: string) {
    this.#path = join(directory, 'vltair.db');
  }

  sql(statements: string): void {
    this.#in((database) => database.exec(statements));
  }

  /** Changes the payloads of a run, and with them digests, hashes, links and the head in the run's row. */
  rewrite(run: string, change: (payload: string) => string): void {
    this.#in((database) => {
      const put = database.prepare(
        'UPDATE events SET payload = ?, payload_digest = ?, previous = ?, hash = ? WHERE run = ? AND seq = ?',
      );
      let previous = GENESIS;
      for (const row of database.prepare('SELECT * FROM events WHERE run = ? ORDER BY seq').all(run)) {
        const payload = change(textIn(row, 'payload'));
        const payloadDigest = digestPayload(textIn(row, 'salt'), payload, sha256);
        const hash = hashHeader({ ...headerOf(row), payloadDigest, previous }, sha256);
        put.run(payload, payloadDigest, previous, hash, run, integerIn(row, 'seq'));
        previous = hash;
      }
      database.prepare('UPDATE runs SET hash = ? WHERE run = ?').run(previous, run);
    });
  }

  /** Lets a run end at an event in its middle. */
  cut(run: string, seq: number, status: string): void {
    this.sql(
      `UPDATE runs SET seq = ${seq}, status = '${status}',
       hash = (SELECT hash FROM events WHERE run = '${run}' AND seq = ${seq}) WHERE run = '${run}'`,
    );
  }

  /** Makes commits that fit the events, and signs those from `from` on with a key of the forger's own. */
  resign(from: number): Signer {
    const own = storeKeyOf(generateKeyPairSync('ed25519').privateKey);
    this.#in((database) => {
      database.prepare('INSERT INTO keys VALUES (?, ?)').run(own.fingerprint, own.publicKey);
      const put = database.prepare('UPDATE commits SET statement = ?, signature = ?, fingerprint = ? WHERE number = ?');
      let previous = GENESIS;
      for (const row of database.prepare('SELECT * FROM commits ORDER BY number').all()) {
        const commit = integerIn(row, 'number');
        const text = commit < from ? textIn(row, 'statement') : statementOf(database, row, previous);
        if (commit >= from) put.run(text, own.sign(text), own.fingerprint, commit);
        previous = sha256(Buffer.from(text));
      }
    });
    return own;
  }

  #in(work: (database: DatabaseSync) => void): void {
    const database = new DatabaseSync(this.#path, { enableForeignKeyConstraints: false });
    try {
      work(database);
    } finally {
      database.close();
    }
  }
}

function headerOf(row: Row): EventHeader {
  return {
    format: CHAIN_FORMAT,
    run: textIn(row, 'run'),
    seq: integerIn(row, 'seq'),
    tenant: textIn(row, 'tenant'),
    ts: integerIn(row, 'ts'),
    kind: oneOfIn(row, 'kind', eventKinds),
    type: textIn(row, 'type'),
    epoch: integerIn(row, 'epoch'),
    payloadDigest: textIn(row, 'payload_digest'),
    previous: textIn(row, 'previous'),
  };
}

function statementOf(database: DatabaseSync, row: Row, previous: string): string {
  const [firstPosition, lastPosition] = [integerIn(row, 'first_position'), integerIn(row, 'last_position')];
  const hashes = database
    .prepare('SELECT hash FROM events WHERE position BETWEEN ? AND ? ORDER BY position')
    .all(firstPosition, lastPosition)
    .map((event) => textIn(event, 'hash'));
  const statement: CommitStatement = {
    format: CHAIN_FORMAT,
    commit: integerIn(row, 'number'),
    firstPosition,
    lastPosition,
    root: merkleRoot(hashes, sha256),
    previous,
  };
  return canonicalJson(statement);
}
