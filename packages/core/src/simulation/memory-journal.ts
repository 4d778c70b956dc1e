import { createPrivateKey } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import type { Committer } from '../journal/committer.ts';
import { InlineCommitter } from '../journal/inline-committer.ts';
import { JournalStore } from '../journal/journal-store.ts';
import { migrate } from '../journal/schema.ts';
import { type StoreKey, storeKeyOf } from '../journal/signing-key.ts';
import { SqliteDriver } from '../journal/sqlite-driver.ts';
import { SqliteReader } from '../journal/sqlite-reader.ts';
import type { LeaseDriver } from '../journal/store-leases.ts';
import { countOpening } from '../journal/store-epoch.ts';
import { VltairError } from '@vltair/protocol';
import type { EventStore } from '../ports/event-store.ts';

/**
 * A journal that lives in memory, as long as this object does: the SQL, the chain and the signatures are those of a
 * store on disk, without the disk, and without chance: the same requests in the same order give the same bytes.
 *
 * Each opening is a writer with an epoch of its own. A file has one writer at a time; here openings stand side by side,
 * as the workers of a shared store do, with leases, and an append under an older epoch than the run has seen is fenced.
 * Whoever opens it once at a time says that it is not shared.
 */
export class MemoryJournal {
  readonly #database = new DatabaseSync(':memory:', { enableForeignKeyConstraints: true });
  readonly #key: StoreKey;
  #salts = 0;

  /** `seed` tells the keys of journals apart; the key protects nothing. `now` is the clock by which leases run out. */
  constructor({ seed = 0, now = () => 0 }: { readonly seed?: number; readonly now?: () => number } = {}) {
    this.#database.function('store_now', () => Math.floor(now()));
    migrate(this.#database);
    this.#key = keyOfSeed(seed);
  }

  open({ isShared = true }: { readonly isShared?: boolean } = {}): EventStore {
    const epoch = new SqliteDriver(this.#database).do(countOpening());
    const means = { directory: NAME, key: this.#key, salt: () => this.#nextSalt() };
    return new JournalStore({
      name: NAME,
      reader: new OpenReader(this.#database, NAME),
      committer: new OpenCommitter(new InlineCommitter(this.#database, means)),
      ownership: { kind: 'writer', epoch },
      ...(isShared ? { leases: { renewing: leasesIn(this.#database), claiming: leasesIn(this.#database) } } : {}),
      key: () => this.#key,
      release: () => {},
    });
  }

  /** Forgets everything. */
  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #nextSalt(): string {
    this.#salts += 1;
    return this.#salts.toString(16).padStart(32, '0');
  }
}

const NAME = ':memory:';

/** The ASN.1 that stands before the 32 bytes of an Ed25519 private key (RFC 8410). */
const KEY_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

function keyOfSeed(seed: number): StoreKey {
  const bytes = Buffer.alloc(32, 'vltair memory key');
  bytes.writeDoubleBE(seed);
  return storeKeyOf(createPrivateKey({ key: Buffer.concat([KEY_PREFIX, bytes]), format: 'der', type: 'pkcs8' }));
}

function leasesIn(database: DatabaseSync): LeaseDriver {
  const driver = new SqliteDriver(database);
  return { do: (work) => Promise.resolve().then(() => driver.inTransaction(work())), close: () => Promise.resolve() };
}

/** Its database outlives it. */
class OpenReader extends SqliteReader {
  override close(): void {}
}

/** Ends with its opening; what it commits through outlives it. */
class OpenCommitter implements Committer {
  readonly #inner: InlineCommitter;
  readonly #last = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(inner: InlineCommitter) {
    this.#inner = inner;
  }

  async commit(request: Parameters<Committer['commit']>[0]): ReturnType<Committer['commit']> {
    if (this.#isClosed) throw new VltairError('unavailable/store_failed', { detail: 'the store is closed' });
    const reply = this.#inner.commit(request);
    this.#last.add(reply);
    return await reply.finally(() => this.#last.delete(reply));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#last);
  }
}
