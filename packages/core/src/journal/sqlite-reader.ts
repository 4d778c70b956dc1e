import type { DatabaseSync } from 'node:sqlite';
import type { Reader } from './journal-reads.ts';
import { integerIn, type Row } from './row.ts';
import { SqliteDriver } from './sqlite-driver.ts';
import { inStore } from './sqlite-error.ts';
import type { Work } from './statement.ts';

/** Reads on the calling thread. */
export class SqliteReader implements Reader {
  readonly #driver: SqliteDriver;
  readonly #directory: string;
  readonly #dataVersion: () => Row | undefined;
  readonly #ownChanges: () => Row | undefined;

  constructor(database: DatabaseSync, directory: string) {
    this.#driver = new SqliteDriver(database);
    this.#directory = directory;
    const dataVersion = database.prepare('PRAGMA data_version');
    const ownChanges = database.prepare('SELECT total_changes() AS changes');
    this.#dataVersion = () => dataVersion.get();
    this.#ownChanges = () => ownChanges.get();
  }

  do<T>(work: () => Work<T>): T {
    return inStore(this.#directory, () => this.#driver.do(work()));
  }

  inSnapshot<T>(work: () => Work<T>): T {
    return inStore(this.#directory, () => this.#driver.inSnapshot(work()));
  }

  /** `data_version` tells of the commits of other connections alone. */
  changes(): number {
    return inStore(
      this.#directory,
      () => integerIn(this.#dataVersion() ?? {}, 'data_version') + integerIn(this.#ownChanges() ?? {}, 'changes'),
    );
  }

  close(): void {
    const { database } = this.#driver;
    if (database.isOpen) database.close();
  }
}
