import { hexToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';

/**
 * The format of the log (frozen by docs/decisions/0002-envelope-and-chain.md).
 *
 * C1 An event's hash is SHA-256 over the canonical JSON of its header, and the header names the hash before it.
 * C2 The header names its payload by digest = SHA-256(salt || payload bytes) alone, so that a purge can erase payload
 *    and salt and the chain still verifies.
 * C3 The bytes that are hashed are the bytes that are stored; nothing is serialised twice.
 *
 * Hash functions come in as arguments: this file runs in a browser too.
 */
export const CHAIN_FORMAT = 1;

/** The `previous` of a run's first event. */
export const GENESIS = '0'.repeat(64);

export const eventKinds = ['fact', 'decision'] as const;
export type EventKind = (typeof eventKinds)[number];

const digestSchema = z.string().regex(/^[0-9a-f]{64}$/);

export const eventHeaderSchema = z.strictObject({
  format: z.literal(CHAIN_FORMAT),
  run: z.string().min(1),
  /** Number of the event in its run, from 1, without gaps. */
  seq: z.int().positive(),
  tenant: z.string().min(1),
  /** Milliseconds since 1970 by the owner's clock; never decreases within a run. */
  ts: z.int().nonnegative(),
  kind: z.enum(eventKinds),
  type: z.string().min(1),
  /** Which ownership of the run wrote it; an older epoch can no longer write. */
  epoch: z.int().nonnegative(),
  payloadDigest: digestSchema,
  previous: digestSchema,
});
export type EventHeader = z.infer<typeof eventHeaderSchema>;

/** SHA-256 in lower-case hex, of a text over its UTF-8. */
export type Sha256 = (data: Uint8Array | string) => string;

/** C1. */
export function hashHeader(header: EventHeader, sha256: Sha256): string {
  return sha256(headerText(header));
}

/** The canonical JSON of a header, whose members are known: they stand here as it sorts them. */
function headerText(header: EventHeader): string {
  const { epoch, format, kind, payloadDigest, previous, run, seq, tenant, ts, type } = header;
  return JSON.stringify({ epoch, format, kind, payloadDigest, previous, run, seq, tenant, ts, type });
}

const encoder = new TextEncoder();

/** C2. The salt is 16 random bytes in hex; the payload is its exact stored text. */
export function digestPayload(saltHex: string, payload: string, sha256: Sha256): string {
  const salt = hexToBytes(saltHex);
  const text = encoder.encode(payload);
  const bytes = new Uint8Array(salt.length + text.length);
  bytes.set(salt);
  bytes.set(text, salt.length);
  return sha256(bytes);
}

/**
 * The root of a Merkle tree over event hashes, in order (RFC 6962 section 2.1): a leaf is SHA-256(0x00 || leaf), a node
 * SHA-256(0x01 || left || right), split at the largest power of two below the count.
 *
 * @throws RangeError for no leaves: a commit without events does not exist.
 */
export function merkleRoot(hashes: readonly string[], sha256: Sha256): string {
  if (hashes.length === 0) throw new RangeError('a Merkle tree has at least one leaf');
  if (hashes.length === 1) return sha256(tagged(0, hashes));
  const split = 2 ** Math.floor(Math.log2(hashes.length - 1));
  const left = merkleRoot(hashes.slice(0, split), sha256);
  const right = merkleRoot(hashes.slice(split), sha256);
  return sha256(tagged(1, [left, right]));
}

const HASH_BYTES = 32;

function tagged(tag: number, hashes: readonly string[]): Uint8Array {
  const bytes = new Uint8Array(1 + HASH_BYTES * hashes.length);
  bytes[0] = tag;
  for (const [index, each] of hashes.entries()) bytes.set(hexToBytes(each), 1 + HASH_BYTES * index);
  return bytes;
}

/** What is signed for each group commit of a store. `previous` is the SHA-256 of the statement before, GENESIS for the first. */
export const commitStatementSchema = z.strictObject({
  format: z.literal(CHAIN_FORMAT),
  commit: z.int().positive(),
  firstPosition: z.int().positive(),
  lastPosition: z.int().positive(),
  root: digestSchema,
  previous: digestSchema,
});
export type CommitStatement = z.infer<typeof commitStatementSchema>;

/** One line of an export: an event with its exact payload text. A purged event has neither payload nor salt. */
export const exportLineSchema = z.strictObject({
  header: eventHeaderSchema,
  hash: digestSchema,
  payload: z.string().exactOptional(),
  salt: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .exactOptional(),
});
export type ExportLine = z.infer<typeof exportLineSchema>;

/** What the signature of an export covers. */
export const exportStatementSchema = z.strictObject({
  format: z.literal(CHAIN_FORMAT),
  run: z.string().min(1),
  count: z.int().nonnegative(),
  head: digestSchema,
  status: z.string().min(1),
  /** Ed25519 public key, raw 32 bytes in hex. */
  publicKey: digestSchema,
});
export type ExportStatement = z.infer<typeof exportStatementSchema>;

/** The last line of an export. */
export const exportFooterSchema = z.strictObject({
  footer: exportStatementSchema,
  /** Ed25519 over the canonical JSON of `footer`, in hex. */
  signature: z.string().regex(/^[0-9a-f]{128}$/),
});
export type ExportFooter = z.infer<typeof exportFooterSchema>;

/** The name of a signing key: SHA-256 of the raw public key, in hex. */
export function fingerprintOf(publicKeyHex: string, sha256: Sha256): string {
  return sha256(hexToBytes(publicKeyHex));
}
