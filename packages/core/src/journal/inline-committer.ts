import type { DatabaseSync } from 'node:sqlite';
import { VltairError } from '@vltair/protocol';
import type { Committer } from './committer.ts';
import type { CommitMeans } from './group-commit.ts';
import { commitInFile } from './sqlite-commit.ts';
import { SqliteDriver } from './sqlite-driver.ts';
import type { WriteReply, WriteRequest } from './write-request.ts';

interface Pending {
  readonly request: WriteRequest;
  readonly resolve: (reply: WriteReply) => void;
}

/** Commits on the calling thread, which waits for each fsync: for simulations and tests, where one thread means one order. */
export class InlineCommitter implements Committer {
  readonly #driver: SqliteDriver;
  readonly #means: CommitMeans & { readonly directory: string };
  #pending: Pending[] = [];

  constructor(database: DatabaseSync, means: CommitMeans & { readonly directory: string }) {
    this.#driver = new SqliteDriver(database);
    this.#means = means;
  }

  commit(request: WriteRequest): Promise<WriteReply> {
    if (!this.#driver.database.isOpen) {
      return Promise.reject(new VltairError('unavailable/store_failed', { detail: 'the store is closed' }));
    }
    return new Promise((resolve) => {
      this.#pending.push({ request, resolve });
      if (this.#pending.length === 1) queueMicrotask(() => this.#flush());
    });
  }

  close(): Promise<void> {
    this.#flush();
    const { database } = this.#driver;
    if (database.isOpen) database.close();
    return Promise.resolve();
  }

  #flush(): void {
    const group = this.#pending;
    this.#pending = [];
    if (group.length === 0) return;
    const requests = group.map(({ request }) => request);
    const replies = commitInFile(this.#driver, requests, this.#means);
    for (const [index, reply] of replies.entries()) group[index]?.resolve(reply);
  }
}
