import { canonicalJson, jsonObjectSchema } from '@vltair/protocol';
import type { InboxClaim, LeaseTerm, LivingWriter } from '../ports/leases.ts';
import { claimedIn, type NumberedCommand } from './inbox-table.ts';
import { integerIn, type Row, textIn } from './row.ts';
import { type Ask, ask, rowsOf, statement, type Work } from './statement.ts';

/** How long a lease that has run out is kept, for whoever asks what became of a worker. */
const KEPT_MS = 3_600_000;

/* The tables `leases` and `held_keys`. `store_now()` is the store's clock: PostgreSQL's own, and the clock of a journal in memory. */
const insertLease = statement(
  `INSERT INTO leases (epoch, lease, worker, is_standing, since_ts, until_ts, told)
   VALUES (:epoch, :lease, :worker, :isStanding, store_now(), store_now() + :milliseconds, :told)
   ON CONFLICT (epoch) DO UPDATE SET until_ts = excluded.until_ts`,
);
const deleteOld = statement('DELETE FROM leases WHERE until_ts < store_now() - :kept');
const deleteLooseKeys = statement('DELETE FROM held_keys WHERE epoch NOT IN (SELECT epoch FROM leases)');
const extend = statement(
  `UPDATE leases SET until_ts = store_now() + :milliseconds, told = :told, is_standing = :isStanding
   WHERE epoch IN :mine[] AND until_ts > store_now() RETURNING epoch`,
);
const deleteLeases = statement('DELETE FROM leases WHERE epoch IN :mine[]');
const WRITER = `SELECT lease, min(worker) AS worker, min(is_standing) AS is_standing, min(since_ts) AS since_ts,
   max(until_ts) AS until_ts, max(told) AS told FROM leases`;
const selectLiving = statement(`${WRITER} WHERE until_ts > store_now() GROUP BY lease ORDER BY lease`);
const selectHolder = statement(
  `${WRITER} WHERE until_ts > store_now() AND NOT (epoch IN :mine[])
   AND epoch = (SELECT r.epoch FROM runs r WHERE r.run = :run) GROUP BY lease`,
);
/** A key is its process's, under whichever epoch of its lease it was taken. */
const OF_LEASE = (epoch: string): string =>
  `(SELECT l.epoch FROM leases l WHERE l.lease = (SELECT m.lease FROM leases m WHERE m.epoch = ${epoch}))`;
const upsertKey = statement(
  `INSERT INTO held_keys (key, epoch) VALUES (:key, :epoch)
   ON CONFLICT (key) DO UPDATE SET epoch = excluded.epoch
   WHERE held_keys.epoch IN ${OF_LEASE('excluded.epoch')}
      OR NOT EXISTS (SELECT 1 FROM leases l WHERE l.epoch = held_keys.epoch AND l.until_ts > store_now())
   RETURNING epoch`,
);
const deleteKey = statement(`DELETE FROM held_keys WHERE key = :key AND epoch IN ${OF_LEASE(':epoch')}`);
const selectNow = statement('SELECT store_now() AS now');

/**
 * Whose a command is: the owner of its run, else whoever has claimed it, as far as they live. It is asked of the command
 * alone, so that one that another worker has just claimed is judged as it is then.
 */
const RUNS_OWNER = 'FROM runs r JOIN leases o ON o.epoch = r.epoch AND o.until_ts > store_now() WHERE r.run = i.run';
const IS_MINE = `CASE
   WHEN EXISTS (SELECT 1 ${RUNS_OWNER}) THEN EXISTS (SELECT 1 ${RUNS_OWNER} AND o.epoch IN :mine[])
   WHEN EXISTS (SELECT 1 FROM leases c WHERE c.epoch = i.claimed_by AND c.until_ts > store_now())
     THEN i.claimed_by IN :mine[]
   ELSE :isStanding = 1 END AND NOT (i.id IN :without[])`;
const HAS_RUN = 'EXISTS (SELECT 1 FROM runs r WHERE r.run = i.run)';
const OF_RUNS = `SELECT i.number FROM inbox i WHERE ${HAS_RUN} AND ${IS_MINE} ORDER BY i.number LIMIT :limit`;
/** Those of one tenant wait for each other, and for nobody else's: the first of each tenant come first, then the second. */
const STARTS = `SELECT number FROM (
     SELECT i.number, row_number() OVER (PARTITION BY i.tenant ORDER BY i.number) AS turn
     FROM inbox i WHERE NOT ${HAS_RUN} AND ${IS_MINE}
   ) AS waiting ORDER BY turn, number LIMIT :limit`;
const claimOf = (chosen: string, locked: string) => {
  const claim = (picked: string, as: string): string =>
    `WITH picked AS ${as} (${picked}) UPDATE inbox SET claimed_by = :epoch
     WHERE number IN (SELECT number FROM picked) RETURNING number, id, run, command, ts`;
  return statement(claim(chosen, ''), claim(locked, 'MATERIALIZED'));
};
const claimCommands = claimOf(OF_RUNS, `${OF_RUNS} FOR UPDATE OF i SKIP LOCKED`);
const claimStarts = claimOf(
  STARTS,
  `SELECT i.number FROM inbox i WHERE i.number IN (${STARTS}) AND ${IS_MINE} ORDER BY i.number FOR UPDATE OF i SKIP LOCKED`,
);
const giveBack = statement('UPDATE inbox SET claimed_by = NULL WHERE id IN :without[] AND claimed_by IN :mine[]');
/** Commands for runs that are there, taken at a time. */
const COMMANDS = 1_000;

/** Of a run `runs`: no living writer but the one of the epochs `:available` has it. */
export const IS_AVAILABLE = `NOT EXISTS (
   SELECT 1 FROM leases l WHERE l.epoch = runs.epoch AND l.until_ts > store_now() AND NOT (l.epoch IN :available[]))`;

export function* beginLease(epoch: number, term: LeaseTerm): Work<void> {
  const { lease, worker, isStanding, milliseconds, told } = term;
  yield [ask(deleteOld, { kept: KEPT_MS })];
  yield [
    ask(deleteLooseKeys),
    ask(insertLease, { epoch, lease, worker, isStanding: isStanding ? 1 : 0, milliseconds, told: canonicalJson(told) }),
  ];
}

export function* renewLease(mine: readonly number[], term: LeaseTerm): Work<'held' | 'lost'> {
  const extended = yield* rowsOf(extend, {
    mine,
    milliseconds: term.milliseconds,
    told: canonicalJson(term.told),
    isStanding: term.isStanding ? 1 : 0,
  });
  if (extended.length === mine.length) return 'held';
  yield [askEndLeases(mine)];
  return 'lost';
}

export function askEndLeases(mine: readonly number[]): Ask {
  return ask(deleteLeases, { mine });
}

export function* livingWriters(): Work<readonly LivingWriter[]> {
  return (yield* rowsOf(selectLiving)).map(writerOf);
}

export function* holderOfRun(run: string, mine: readonly number[]): Work<LivingWriter | undefined> {
  return (yield* rowsOf(selectHolder, { run, mine })).map(writerOf)[0];
}

export function* claimInbox({
  mine,
  epoch,
  isStanding,
  starts,
  without,
}: InboxClaim): Work<readonly NumberedCommand[]> {
  if (without.length > 0) yield [ask(giveBack, { without, mine })];
  const who = { mine, epoch, isStanding: isStanding ? 1 : 0, without };
  const [commands = [], begun = []] = yield [
    ask(claimCommands, { ...who, limit: COMMANDS }),
    ask(claimStarts, { ...who, limit: starts }),
  ];
  return claimedIn([...commands, ...begun]);
}

export function* holdKey(key: string, epoch: number): Work<boolean> {
  return (yield* rowsOf(upsertKey, { key, epoch })).length > 0;
}

export function askFreeKey(key: string, epoch: number): Ask {
  return ask(deleteKey, { key, epoch });
}

export function* storeNow(): Work<number> {
  return integerIn((yield* rowsOf(selectNow))[0] ?? {}, 'now');
}

function writerOf(row: Row): LivingWriter {
  return {
    worker: textIn(row, 'worker'),
    lease: integerIn(row, 'lease'),
    isStanding: integerIn(row, 'is_standing') === 1,
    sinceTs: integerIn(row, 'since_ts'),
    untilTs: integerIn(row, 'until_ts'),
    told: jsonObjectSchema.parse(JSON.parse(textIn(row, 'told'))),
  };
}
