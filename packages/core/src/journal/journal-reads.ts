import { type ExportLine, readPayload, type StoredEvent, VltairError } from '@vltair/protocol';
import type { LogEntry, RunHead, RunStatus, StoreIdentity } from '../ports/event-store.ts';
import { type ChainPoint, chainPointOf, chainStart, faultOfLine, faultOfLink } from './chain-check.ts';
import { eventsAfter, eventsOfRun, hashAt } from './event-table.ts';
import { headOfRun, runCounts } from './run-table.ts';
import { integerIn, optionalTextIn, textIn } from './row.ts';
import { rowOf, statement, type Work } from './statement.ts';

/** Whoever does reading {@link Work}, over connections that cannot write. What fails is from the error catalogue. */
export interface Reader {
  /** `work` begins anew when a connection is lost. */
  do<T>(work: () => Work<T>): T | Promise<T>;
  /** All statements see one state of the store. */
  inSnapshot<T>(work: () => Work<T>): T | Promise<T>;
  /** A number that differs after a commit of any process. */
  changes(): number;
  close(): void | Promise<void>;
}

/** Events of a run, checked against the chain up to its head. */
export function* readRun(run: string, after: number): Work<readonly StoredEvent[]> {
  const head = yield* headOfRun(run);
  if (head === undefined || after >= head.seq) return [];
  const entries = yield* eventsOfRun(run, after, Number.MAX_SAFE_INTEGER);
  const before = yield* pointAt(run, after);
  if (before === undefined) throw brokenChain(run, after, 'it is missing');
  const end = checkLinks(entries, before);
  if (end.seq !== head.seq || end.hash !== head.hash)
    throw brokenChain(run, end.seq + 1, 'the end of the log is missing');
  return entries.map(storedEventOf);
}

export function* readTail(after: number, limit: number): Work<readonly StoredEvent[]> {
  const entries = yield* eventsAfter(after, limit);
  return entries.map((entry) => {
    const fault = faultOfLine(entry);
    if (fault !== undefined) throw brokenChain(entry.header.run, entry.header.seq, fault);
    return storedEventOf(entry);
  });
}

export function* readHead(run: string): Work<RunHead | undefined> {
  const head = yield* headOfRun(run);
  return head === undefined ? undefined : { seq: head.seq, epoch: head.epoch, hash: head.hash };
}

export function* readCounts(): Work<Readonly<Record<RunStatus, number>>> {
  const counts = yield* runCounts();
  const of = (status: RunStatus): number => counts.get(status) ?? 0;
  return {
    queued: of('queued'),
    running: of('running'),
    paused: of('paused'),
    succeeded: of('succeeded'),
    failed: of('failed'),
    cancelled: of('cancelled'),
  };
}

const selectIdentity = statement('SELECT store, since_ts, backup FROM identities ORDER BY number DESC LIMIT 1');

export function* readIdentity(): Work<StoreIdentity> {
  const row = (yield* rowOf(selectIdentity)) ?? {};
  return { store: textIn(row, 'store'), since: integerIn(row, 'since_ts'), backup: optionalTextIn(row, 'backup') };
}

function* pointAt(run: string, seq: number): Work<ChainPoint | undefined> {
  if (seq === 0) return chainStart(run);
  const hash = yield* hashAt(run, seq);
  return hash === undefined ? undefined : { run, seq, hash };
}

/** Follows the chain over `lines` and gives its end. @throws VltairError `internal/chain_broken` naming run and seq. */
function checkLinks(lines: readonly ExportLine[], start: ChainPoint): ChainPoint {
  let point = start;
  for (const line of lines) {
    const fault = faultOfLink(line, point);
    if (fault !== undefined) throw brokenChain(point.run, point.seq + 1, fault);
    point = chainPointOf(line);
  }
  return point;
}

function brokenChain(run: string, seq: number, fault: string): VltairError {
  return new VltairError('internal/chain_broken', {
    detail: `event ${seq} of run ${run}: ${fault}`,
    where: `${run}:${seq}`,
  });
}

function storedEventOf({ position, header, hash, payload }: LogEntry): StoredEvent {
  const { run, seq, ts, epoch, kind } = header;
  if (payload === undefined)
    throw new VltairError('not_found/payload', { detail: `event ${seq} of run ${run}`, where: `${run}:${seq}` });
  return { position, run, seq, ts, epoch, kind, payload: readPayload(header, payload), header, hash };
}
