import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { VltairError } from '@vltair/protocol';
import { z } from 'zod';
import { syncDirectory } from './sqlite-file.ts';

const placeSchema = z.strictObject({
  state: z.enum(['moving', 'moved']),
  /** The address for people, without its password. */
  to: z.string(),
  ts: z.number(),
});

/** Where the store of a data directory has gone, or is going. */
export type StorePlace = z.infer<typeof placeSchema>;

/** `undefined`: it is here. */
export function placeOf(directory: string): StorePlace | undefined {
  const path = pathOf(directory);
  if (!existsSync(path)) return undefined;
  const parsed = placeSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new VltairError('unavailable/store_corrupt', {
    detail: `${path} does not say where the store is`,
    where: path,
  });
}

/** Durable when it returns. */
export function putPlace(directory: string, place: StorePlace): void {
  const aside = `${pathOf(directory)}.new`;
  const file = openSync(aside, 'w', 0o600);
  writeSync(file, `${JSON.stringify(place)}\n`);
  fsyncSync(file);
  closeSync(file);
  renameSync(aside, pathOf(directory));
  syncDirectory(directory);
}

/** The store stays here. */
export function removePlace(directory: string): void {
  rmSync(pathOf(directory), { force: true });
  syncDirectory(directory);
}

/** @throws VltairError `unavailable/store_moved`, `unavailable/store_moving` for a store that nobody may write here. */
export function requireHere(directory: string): void {
  const place = placeOf(directory);
  if (place === undefined) return;
  const reason = place.state === 'moved' ? 'unavailable/store_moved' : 'unavailable/store_moving';
  throw new VltairError(reason, { detail: `${directory} to ${place.to}`, where: directory });
}

function pathOf(directory: string): string {
  return join(directory, 'moved.json');
}
