import type { DatabaseSync } from 'node:sqlite';
import { VltairError } from '@vltair/protocol';
import type { Committer } from './commit-thread.ts';
import type { GroupCommit } from './group-commit.ts';
import type { WriteReply, WriteRequest } from './write-request.ts';

interface Pending {
  readonly request: WriteRequest;
  readonly resolve: (reply: WriteReply) => void;
}

/** Commits on the calling thread, which waits for each fsync: for simulations and tests, where one thread means one order. */
export class InlineCommitter implements Committer {
  readonly #database: DatabaseSync;
  readonly #journal: GroupCommit;
  #pending: Pending[] = [];

  constructor(database: DatabaseSync, journal: GroupCommit) {
    this.#database = database;
    this.#journal = journal;
  }

  commit(request: WriteRequest): Promise<WriteReply> {
    if (!this.#database.isOpen) {
      return Promise.reject(new VltairError('unavailable/store_failed', { detail: 'the store is closed' }));
    }
    return new Promise((resolve) => {
      this.#pending.push({ request, resolve });
      if (this.#pending.length === 1) queueMicrotask(() => this.#flush());
    });
  }

  close(): Promise<void> {
    this.#flush();
    if (this.#database.isOpen) this.#database.close();
    return Promise.resolve();
  }

  #flush(): void {
    const group = this.#pending;
    this.#pending = [];
    if (group.length === 0) return;
    const replies = this.#journal.commit(group.map(({ request }) => request));
    for (const [index, reply] of replies.entries()) group[index]?.resolve(reply);
  }
}
