import type pg from 'pg';
import { VltairError } from '@vltair/protocol';
import { hasCommit } from './commit-table.ts';
import type { Committer } from './committer.ts';
import { type CommitMeans, type Group, groupCommit } from './group-commit.ts';
import { type Patience, withPatience } from './patience.ts';
import { notifyChange, type PostgresChanges } from './postgres-changes.ts';
import { COMMIT_LOCK, type PostgresAddress } from './postgres-connection.ts';
import { type Ending, PostgresDriver } from './postgres-driver.ts';
import { isPassing, postgresFault } from './postgres-error.ts';
import { PostgresLink } from './postgres-link.ts';
import { integerIn, type Row } from './row.ts';
import { ask, type Work } from './statement.ts';
import type { WriteReply, WriteRequest } from './write-request.ts';

/** More requests, or characters of payload, than this make the first of them wait too long for its reply. */
const GROUP_LIMIT = 128;
const GROUP_CHARACTERS = 8 * 1024 * 1024;
const STATEMENT_MS = 10_000;

/** Group commits follow each other, whoever makes them: the lock is held until the commit can be seen (S4). */
const BEGIN = ['BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE', COMMIT_LOCK] as const;

interface Pending {
  readonly request: WriteRequest;
  readonly resolve: (reply: WriteReply) => void;
}

export interface CommitterOptions {
  readonly address: PostgresAddress;
  /** The address for people. */
  readonly name: string;
  readonly means: CommitMeans;
  readonly changes: PostgresChanges;
  readonly patience: Patience;
}

/**
 * Commits groups over one connection, one after another; what arrives meanwhile is in the next.
 *
 * W1 When the connection is lost, the group is tried again over a new one. Whether a COMMIT that was not answered has
 *    come through is known under the lock: its signed commit is there, or will never be.
 * W2 When patience ends, the replies are failures, and the outcome may be unknown (S6).
 */
export class PostgresCommitter implements Committer {
  readonly #options: CommitterOptions;
  readonly #queue: Pending[] = [];
  readonly #link: PostgresLink;
  #processId: number | undefined;
  #serving: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.#link = new PostgresLink(options.address, STATEMENT_MS);
  }

  /** The server's process of the connection that commits. */
  get processId(): number | undefined {
    return this.#processId;
  }

  commit(request: WriteRequest): Promise<WriteReply> {
    if (this.#isClosed)
      return Promise.reject(new VltairError('unavailable/store_failed', { detail: 'the store is closed' }));
    return new Promise((resolve) => {
      this.#queue.push({ request, resolve });
      this.#serving ??= this.#serve();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#serving;
    await this.#link.close();
  }

  async #serve(): Promise<void> {
    await Promise.resolve(); // what this turn of the event loop still asks for is in the first group
    while (this.#queue.length > 0) {
      const group = this.#queue.splice(0, sizeOfGroup(this.#queue));
      const replies = await this.#commitGroup(group.map(({ request }) => request));
      for (const [index, reply] of replies.entries()) group[index]?.resolve(reply);
    }
    this.#serving = undefined;
  }

  async #commitGroup(requests: readonly WriteRequest[]): Promise<readonly WriteReply[]> {
    const { name, patience, changes } = this.#options;
    const doubt: { group?: Group } = {};
    try {
      const { replies } = await withPatience(patience, isPassing, () => this.#try(requests, doubt));
      changes.count();
      return replies;
    } catch (error) {
      const fault = postgresFault(error, name);
      return requests.map(() => ({ kind: 'failed', ...fault }));
    }
  }

  /** W1. `doubt` is the group whose COMMIT was sent last. */
  async #try(requests: readonly WriteRequest[], doubt: { group?: Group }): Promise<Group> {
    return await this.#link.use(
      async (client) => {
        const work = this.#attempt(requests, doubt.group);
        return await new PostgresDriver(client).inTransaction(BEGIN, work, (group) => (doubt.group = group));
      },
      (client) => this.#known(client),
    );
  }

  *#attempt(requests: readonly WriteRequest[], doubt: Group | undefined): Work<Ending<Group>> {
    if (doubt?.commit !== undefined && (yield* hasCommit(doubt.commit))) return { result: doubt, writes: [] };
    const group = yield* groupCommit(requests, this.#options.means);
    return { result: group, writes: [...group.writes, ask(notifyChange)] };
  }

  async #known(client: pg.Client): Promise<void> {
    const { rows } = await client.query<Row>('SELECT pg_backend_pid() AS id');
    this.#processId = integerIn(rows[0] ?? {}, 'id');
  }
}

function sizeOfGroup(queue: readonly Pending[]): number {
  let characters = 0;
  for (const [index, { request }] of queue.entries()) {
    characters += charactersOf(request);
    if (index + 1 >= GROUP_LIMIT || characters >= GROUP_CHARACTERS) return index + 1;
  }
  return queue.length;
}

function charactersOf(request: WriteRequest): number {
  const sum = (texts: readonly { readonly payload?: string }[]): number =>
    texts.reduce((characters, { payload = '' }) => characters + payload.length, 0);
  switch (request.kind) {
    case 'append':
      return sum(request.events);
    case 'adopt':
      return sum(request.lines);
    case 'snapshot':
      return request.text.length;
    case 'send':
      return request.command.command.length;
    default:
      return 0;
  }
}
