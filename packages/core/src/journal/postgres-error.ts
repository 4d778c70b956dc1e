import pg from 'pg';
import { type ErrorReason, VltairError } from '@vltair/protocol';
import type { StoreFault } from './sqlite-error.ts';

/** Classes and codes of SQLSTATE (https://www.postgresql.org/docs/15/errcodes-appendix.html) that mean something to a person. */
const reasons: Readonly<Record<string, ErrorReason>> = {
  '25006': 'unavailable/store_read_only', // read_only_sql_transaction
  '42501': 'unavailable/store_read_only', // insufficient_privilege
  '53100': 'unavailable/store_full', // disk_full
  XX001: 'unavailable/store_corrupt', // data_corrupted
  XX002: 'unavailable/store_corrupt', // index_corrupted
};

/** Another try may succeed: the server was going down, coming up, full of connections, or gave up waiting. */
const passing = new Set([
  '25P03', // idle_in_transaction_session_timeout
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '53300', // too_many_connections
  '55P03', // lock_not_available
  '57014', // query_canceled
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P05', // idle_session_timeout
]);

/** What the system says of a connection that cannot be made, or has gone. */
const systemCodes = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT', // a socket file of a server that is down
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/** What the client library says of the same; its errors have no codes. */
const CONNECTION =
  /^(?:Connection terminated|Client has encountered a connection error|Client was closed|timeout e|Query read timeout)/u;

/** Whether the connection, and not what was asked of it, is at fault: the same may succeed over another one, or later. */
export function isPassing(error: unknown): boolean {
  if (error instanceof pg.DatabaseError)
    return error.code !== undefined && (passing.has(error.code) || error.code.startsWith('08'));
  if (!(error instanceof Error) || error instanceof VltairError) return false;
  if (error instanceof AggregateError) return error.errors.some(isPassing);
  return 'code' in error ? systemCodes.has(String(error.code)) : CONNECTION.test(error.message);
}

/** The catalogue's name for whatever was thrown while working on the store at `address`, as plain data. */
export function postgresFault(error: unknown, address: string): StoreFault {
  const detail = `${address}: ${error instanceof Error ? messageOf(error) : String(error)}`;
  return { reason: error instanceof VltairError ? error.reason : reasonOf(error), detail };
}

/** The same as an error; what is from the catalogue already stays as it is. */
export function postgresError(error: unknown, address: string): VltairError {
  if (error instanceof VltairError) return error;
  const { reason, detail } = postgresFault(error, address);
  return new VltairError(reason, { detail, where: address, cause: error });
}

function reasonOf(error: unknown): ErrorReason {
  const known = error instanceof pg.DatabaseError && error.code !== undefined ? reasons[error.code] : undefined;
  return known ?? (isPassing(error) ? 'unavailable/store_unreachable' : 'unavailable/store_failed');
}

/** A refused connection to a name with several addresses is one error for each, without a message of its own. */
function messageOf(error: Error): string {
  if (error.message !== '') return error.message;
  return error instanceof AggregateError ? error.errors.map(String).join('; ') : error.name;
}
