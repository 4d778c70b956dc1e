import { VltairError } from '@vltair/protocol';
import { isEndStatus, type EventStore, type RunRow } from '../ports/event-store.ts';

export interface PurgeWish {
  readonly by: string;
  readonly reason?: string;
  readonly now: number;
}

export interface PurgedRun {
  readonly run: string;
  /** Payloads that were erased now; 0 for a run that had none left. */
  readonly payloads: number;
}

const PAGE = 500;

/** How many payloads a run has. */
export async function countPayloads(store: Pick<EventStore, 'entries'>, run: string): Promise<number> {
  let count = 0;
  for (let after = 0; ;) {
    const page = await store.entries(run, after, PAGE);
    count += page.filter(({ payload, header }) => payload !== undefined && header.type !== 'payload.purged').length;
    const last = page.at(-1);
    if (last === undefined) return count;
    after = last.header.seq;
  }
}

/**
 * Erases what the events of a finished run say, with their salts. Digests, order, types and times stay, so that chain and
 * commits still verify; who did it, when and why is a fact in the log, and all that can be read of it from then on.
 *
 * @throws VltairError `not_found/run`, `invalid_argument/run_unfinished`, `invalid_argument/run_imported`;
 * `internal/chain_broken` for a run that does not verify.
 */
export async function purgeRun(store: EventStore, run: string, { by, reason, now }: PurgeWish): Promise<PurgedRun> {
  const row = await purgeableRow(store, run);
  const payloads = await countPayloads(store, run);
  if (payloads === 0) return { run, payloads };
  const ts = Math.max(now, row.updatedTs);
  const why = reason === undefined ? {} : { reason };
  const outcome = await store.append({
    run,
    tenant: row.tenant,
    expectedSeq: row.seq,
    epoch: store.ownership.kind === 'writer' ? store.ownership.epoch : 0,
    events: [{ ts, payload: { type: 'payload.purged', by, ...why, payloads } }],
    row: { ...row, title: '', failure: undefined, joinKey: undefined, updatedTs: ts },
    purge: { ts, by },
  });
  if (outcome.kind !== 'appended') throw new VltairError('unavailable/fenced', { where: run });
  return { run, payloads };
}

/** The row of a run whose payloads may be erased. @throws VltairError as {@link purgeRun}. */
export async function purgeableRow(store: Pick<EventStore, 'run'>, run: string): Promise<RunRow> {
  const row = await store.run(run);
  if (row === undefined) throw new VltairError('not_found/run', { detail: run });
  if (!isEndStatus(row.status))
    throw new VltairError('invalid_argument/run_unfinished', { detail: `${run} ${row.status}` });
  if (row.origin !== undefined) throw new VltairError('invalid_argument/run_imported', { detail: run });
  return row;
}
