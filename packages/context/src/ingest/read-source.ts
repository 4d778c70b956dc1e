import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { skipped, type SourceEntry } from './source-entry.ts';

/** What of a file is looked at to tell text from other things. */
const PROBED_BYTES = 8192;
/** A link or a pipe that took the place of the file is not followed and not waited for. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * The text of a file, or why it is left out: it is gone, cannot be read, is larger than the limit, or has a NUL or what is
 * not UTF-8 in its first 8 kB. Later bytes that are not UTF-8 become U+FFFD. A byte order mark stays.
 */
export async function readSource(file: string, path: string, maxBytes: number): Promise<SourceEntry> {
  try {
    await using handle = await open(file, FLAGS);
    const status = await handle.stat();
    if (!status.isFile()) return skipped(path, 'special');
    if (status.size > maxBytes) return skipped(path, 'too_large', `${status.size} bytes`);
    const bytes = await readUpTo(handle, maxBytes + 1);
    if (bytes.length > maxBytes) return skipped(path, 'too_large', `more than ${maxBytes} bytes`);
    if (!isText(bytes.subarray(0, PROBED_BYTES), bytes.length <= PROBED_BYTES)) return skipped(path, 'binary');
    return { kind: 'file', path, text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes) };
  } catch (error) {
    return unreadable(path, error);
  }
}

/** Why a path that was there a moment ago cannot be read. @throws what is no failure of the file system */
export function unreadable(path: string, error: unknown): SourceEntry {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === undefined) throw error;
  return code === 'ENOENT' || code === 'ENOTDIR' ? skipped(path, 'vanished') : skipped(path, 'unreadable', code);
}

/** A file may grow while it is read. */
async function readUpTo(handle: FileHandle, most: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for (;;) {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(Math.min(most - size, 65_536)));
    if (bytesRead === 0) break;
    parts.push(buffer.subarray(0, bytesRead));
    size += bytesRead;
  }
  return Buffer.concat(parts);
}

/** A character that is cut by the end of the probe is no fault, one that is cut by the end of the file is. */
function isText(probe: Buffer, isWhole: boolean): boolean {
  if (probe.includes(0)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(probe, { stream: !isWhole });
    return true;
  } catch {
    return false; // the decoder throws for nothing but what is not UTF-8
  }
}
