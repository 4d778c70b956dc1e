import type { DatabaseSync } from 'node:sqlite';
import { VltairError } from '@vltair/protocol';
import { archiveChunks } from '../journal/archive-table.ts';
import { chainPointOf, chainStart, faultOfLink } from '../journal/chain-check.ts';
import { EventTable } from '../journal/event-table.ts';
import { RunTable } from '../journal/run-table.ts';
import { SnapshotTable } from '../journal/snapshot-table.ts';
import { inStore } from '../journal/sqlite-error.ts';
import { isCurrent, openWriting } from '../journal/sqlite-file.ts';
import { brokenRun } from '../journal/verify-run.ts';
import { isEndStatus, type LogEntry } from '../ports/event-store.ts';

export interface ArchivedRun {
  readonly run: string;
  readonly events: number;
  /** Of the compressed chunks. */
  readonly bytes: number;
}

/**
 * Moves finished runs into the archive of their store. It reads, verifies, replays and exports as before; whoever
 * appends to a run, such as a retry, takes it out again.
 *
 * R1 Each run moves in one transaction: a kill leaves it where it was, or where it belongs.
 * R2 Any process may do it beside the owner: nothing is appended, and a run that was appended to meanwhile is left alone.
 */
export class Archiver {
  readonly #database: DatabaseSync;
  readonly #directory: string;
  readonly #events: EventTable;
  readonly #runs: RunTable;
  readonly #snapshots: SnapshotTable;

  /** @throws VltairError `not_found/store` for a directory without a store of this version. */
  constructor(directory: string) {
    if (!inStore(directory, () => isCurrent(directory)))
      throw new VltairError('not_found/store', { detail: directory });
    this.#directory = directory;
    this.#database = inStore(directory, () => openWriting(directory));
    this.#events = new EventTable(this.#database);
    this.#runs = new RunTable(this.#database);
    this.#snapshots = new SnapshotTable(this.#database);
  }

  /**
   * `undefined` for a run that is archived already, or was appended to meanwhile.
   *
   * @throws VltairError `not_found/run`, `invalid_argument/run_unfinished`, `internal/chain_broken`.
   */
  archive(run: string, now: number): ArchivedRun | undefined {
    return inStore(this.#directory, () => {
      const head = this.#runs.head(run);
      if (head === undefined) throw new VltairError('not_found/run', { detail: run });
      this.#requireEnded(run);
      if (head.isArchived) return undefined;
      const entries = this.#events.ofRun(run, 0, Number.MAX_SAFE_INTEGER);
      requireChain(run, entries);
      const chunks = archiveChunks(entries);
      const isMoved = this.#inTransaction(() => {
        const current = this.#runs.head(run);
        if (current?.hash !== head.hash || current.isArchived) return false;
        this.#events.archive(run, entries, chunks);
        this.#snapshots.remove(run);
        this.#runs.markArchived(run, now);
        return true;
      });
      const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0);
      return isMoved ? { run, events: entries.length, bytes } : undefined;
    });
  }

  close(): void {
    this.#database.close();
  }

  #requireEnded(run: string): void {
    const status = this.#runs.one(run)?.status ?? '';
    if (!isEndStatus(status)) throw new VltairError('invalid_argument/run_unfinished', { detail: `${run} ${status}` });
  }

  #inTransaction<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const done = work();
      this.#database.exec('COMMIT');
      return done;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}

/** What is broken stays where it is, to be looked at. */
function requireChain(run: string, entries: readonly LogEntry[]): void {
  let point = chainStart(run);
  for (const entry of entries) {
    const fault = faultOfLink(entry, point);
    if (fault !== undefined) throw brokenRun(run, point.seq + 1, fault);
    point = chainPointOf(entry);
  }
}
