import { VltairError } from '@vltair/protocol';
import { type ArchiveChunk, archiveChunks } from '../journal/archive-table.ts';
import { chainPointOf, chainStart, faultOfLink } from '../journal/chain-check.ts';
import { archiveEvents, eventsOfRun } from '../journal/event-table.ts';
import { askMarkArchived, headOfRun, runOf, type StoredHead } from '../journal/run-table.ts';
import { askRemoveSnapshots } from '../journal/snapshot-table.ts';
import { SqliteDriver } from '../journal/sqlite-driver.ts';
import { inStore } from '../journal/sqlite-error.ts';
import { isCurrent, openWriting } from '../journal/sqlite-file.ts';
import type { Work } from '../journal/statement.ts';
import { requireHere } from '../journal/store-place.ts';
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
  readonly #driver: SqliteDriver;
  readonly #directory: string;

  /** @throws VltairError `not_found/store` for a directory without a store of this version. */
  constructor(directory: string) {
    if (!inStore(directory, () => isCurrent(directory)))
      throw new VltairError('not_found/store', { detail: directory });
    this.#directory = directory;
    this.#driver = new SqliteDriver(inStore(directory, () => openWriting(directory)));
  }

  /**
   * `undefined` for a run that is archived already, or was appended to meanwhile.
   *
   * @throws VltairError `not_found/run`, `invalid_argument/run_unfinished`, `internal/chain_broken`.
   */
  archive(run: string, now: number): ArchivedRun | undefined {
    return inStore(this.#directory, () => {
      const { head, entries } = this.#driver.do(readFinished(run));
      if (head.isArchived) return undefined;
      requireChain(run, entries);
      const chunks = archiveChunks(entries);
      const isMoved = this.#driver.inTransaction(this.#here(move({ run, head, entries, chunks, now })));
      const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0);
      return isMoved ? { run, events: entries.length, bytes } : undefined;
    });
  }

  close(): void {
    this.#driver.database.close();
  }

  *#here(work: Work<boolean>): Work<boolean> {
    requireHere(this.#directory);
    return yield* work;
  }
}

interface FinishedRun {
  readonly head: StoredHead;
  readonly entries: readonly LogEntry[];
}

function* readFinished(run: string): Work<FinishedRun> {
  const head = yield* headOfRun(run);
  if (head === undefined) throw new VltairError('not_found/run', { detail: run });
  const status = (yield* runOf(run))?.status ?? '';
  if (!isEndStatus(status)) throw new VltairError('invalid_argument/run_unfinished', { detail: `${run} ${status}` });
  return { head, entries: head.isArchived ? [] : yield* eventsOfRun(run, 0, Number.MAX_SAFE_INTEGER) };
}

interface Move extends FinishedRun {
  readonly run: string;
  readonly chunks: readonly ArchiveChunk[];
  readonly now: number;
}

/** Whether the run was still as it was read. */
function* move({ run, head, entries, chunks, now }: Move): Work<boolean> {
  const current = yield* headOfRun(run);
  if (current?.hash !== head.hash || current.isArchived) return false;
  yield* archiveEvents(run, entries, chunks);
  yield [askRemoveSnapshots(run), askMarkArchived(run, now)];
  return true;
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
