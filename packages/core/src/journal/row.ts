import { VltairError } from '@vltair/protocol';

/** A row as a database gives it. These readers are the schema at this edge: a column of another type means a damaged store. */
export type Row = Readonly<Record<string, unknown>>;

export function textIn(row: Row, column: string): string {
  const value = row[column];
  if (typeof value === 'string') return value;
  throw damaged(column, 'text');
}

export function integerIn(row: Row, column: string): number {
  const value = row[column];
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw damaged(column, 'an integer');
}

export function optionalIntegerIn(row: Row, column: string): number | undefined {
  return row[column] === null ? undefined : integerIn(row, column);
}

export function optionalTextIn(row: Row, column: string): string | undefined {
  return row[column] === null ? undefined : textIn(row, column);
}

export function optionalBytesIn(row: Row, column: string): Uint8Array | undefined {
  return row[column] === null ? undefined : bytesIn(row, column);
}

export function bytesIn(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (value instanceof Uint8Array) return value;
  throw damaged(column, 'bytes');
}

/** The member of a closed list that a column holds. */
export function oneOfIn<T extends string>(row: Row, column: string, allowed: readonly T[]): T {
  const text = textIn(row, column);
  const found = allowed.find((candidate) => candidate === text);
  if (found === undefined) throw damaged(column, `one of ${allowed.join(', ')}`);
  return found;
}

function damaged(column: string, expected: string): VltairError {
  return new VltairError('unavailable/store_corrupt', { detail: `the column ${column} does not hold ${expected}` });
}
