import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { VltairError } from '@vltair/protocol';

/** @throws VltairError `not_found/file` */
export async function readBytes(directory: string, file: string): Promise<Uint8Array> {
  const path = resolve(directory, file);
  try {
    return await readFile(path);
  } catch (cause) {
    throw new VltairError('not_found/file', { detail: path, where: path, cause });
  }
}
