import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';

/**
 * Names a request by its content, for idempotency and for correlation in logs: the first 16 hex digits of
 * SHA-1(method LF path LF body). Not a secret and not a proof of anything; two equal requests share it on purpose.
 */
export function requestHash(method: string, path: string, body: Uint8Array): string {
  return bytesToHex(sha1(concatBytes(utf8ToBytes(`${method}\n${path}\n`), body))).slice(0, 16);
}

/** The same over a gRPC method and the raw request message: SHA-1(method LF bytes). */
export function grpcRequestHash(method: string, message: Uint8Array): string {
  return bytesToHex(sha1(concatBytes(utf8ToBytes(`${method}\n`), message))).slice(0, 16);
}
