import { blake2s } from '@noble/hashes/blake2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { v7 } from 'uuid';

/** A run's id: a UUID of version 7, so that ids sort by the time of their making. Random bytes come from the caller. */
export function makeRunId(milliseconds: number, random: Uint8Array): string {
  return v7({ msecs: milliseconds, random });
}

const RUN_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
export function isRunId(text: string): boolean {
  return RUN_ID.test(text);
}

/** A W3C trace id: 32 lower-case hex digits, not all zero. 16 random bytes come from the caller. */
export function makeTraceId(random: Uint8Array): string {
  const id = bytesToHex(random.subarray(0, 16));
  if (!isTraceId(id)) throw new RangeError('a trace id needs 16 random bytes that are not all zero');
  return id;
}

export function isTraceId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text) && !/^0+$/.test(text);
}

/** The trace id of a W3C `traceparent` header, `undefined` when the header is malformed. Later versions may carry more at the end. */
export function traceIdOf(traceparent: string): string | undefined {
  const [, version, id, more] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/.exec(traceparent) ?? [];
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  return id !== undefined && isTraceId(id) ? id : undefined;
}

/** A document's id: BLAKE2s of its content key, 128 bits in hex; equal across runs and machines. */
export function documentId(contentKey: string): string {
  return bytesToHex(blake2s(utf8ToBytes(contentKey), { dkLen: 16 }));
}
