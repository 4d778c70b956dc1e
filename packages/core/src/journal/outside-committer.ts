import { VltairError } from '@vltair/protocol';
import type { Committer } from './committer.ts';
import { askSend, askWithdraw } from './inbox-table.ts';
import { SqliteDriver } from './sqlite-driver.ts';
import { inStore } from './sqlite-error.ts';
import { openWriting } from './sqlite-file.ts';
import type { Ask, Work } from './statement.ts';
import { requireHere } from './store-place.ts';
import type { WriteReply, WriteRequest } from './write-request.ts';

/** Of a process that does not own the directory: it changes the inbox, in one short transaction of its own each time, and nothing else. */
export class OutsideCommitter implements Committer {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async commit(request: WriteRequest): Promise<WriteReply> {
    return inStore(this.#directory, () => this.#change(inboxChange(request)));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #change(asks: readonly Ask[]): WriteReply {
    const database = openWriting(this.#directory);
    try {
      new SqliteDriver(database).inTransaction(this.#here(asks));
      return { kind: 'done' };
    } finally {
      database.close();
    }
  }

  /** A store that is moved holds this transaction back until nothing more is taken here. */
  *#here(asks: readonly Ask[]): Work<void> {
    requireHere(this.#directory);
    yield asks;
  }
}

function inboxChange(request: WriteRequest): readonly Ask[] {
  if (request.kind === 'send') return askSend([request.command]);
  if (request.kind === 'withdraw') return [askWithdraw(request.id)];
  throw new VltairError('internal/unexpected', { detail: `${request.kind} from outside` });
}
