import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { fingerprintOf, VltairError } from '@vltair/protocol';
import type { Signer } from '../ports/event-store.ts';
import { sha256 } from './sha256.ts';

/** The store's key: signs commits and exports, and authenticates snapshots under a key derived from it. */
export interface StoreKey extends Signer {
  /** HMAC-SHA-256 in hex, for text that only this store has to recognise. */
  mac(text: string): string;
}

/** Reads the key of a store, making it when there is none. */
export function ensureStoreKey(directory: string, onWarning: (warning: string) => void): StoreKey {
  const path = keyPath(directory);
  try {
    restrict(path, onWarning);
  } catch (error) {
    if (!isMissing(error)) throw error;
    createKeyFile(directory, path);
  }
  return readStoreKey(directory);
}

/** @throws VltairError `unavailable/store_corrupt` when the file is no Ed25519 key; the system's error when it cannot be read. */
export function readStoreKey(directory: string): StoreKey {
  return readKeyFile(keyPath(directory));
}

export function storeKeyOf(privateKey: KeyObject): StoreKey {
  const { x, d } = privateKey.export({ format: 'jwk' });
  const publicKey = Buffer.from(x ?? '', 'base64url').toString('hex');
  const macKey = Buffer.from(hkdfSync('sha256', Buffer.from(d ?? '', 'base64url'), '', 'vltair snapshot', 32));
  return {
    publicKey,
    fingerprint: fingerprintOf(publicKey, sha256),
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('hex'),
    mac: (text) => createHmac('sha256', macKey).update(text).digest('hex'),
  };
}

/** Whether `signature` (hex) is by the raw Ed25519 key `publicKey` (hex) over `text`. */
export function isSignedBy(publicKey: string, text: string, signature: string): boolean {
  const x = Buffer.from(publicKey, 'hex').toString('base64url');
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, Buffer.from(text), key, Buffer.from(signature, 'hex'));
  } catch {
    // The bytes are no public key: nothing is signed by it.
    return false;
  }
}

export function isEqualMac(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
}

/** The key in a file that was kept elsewhere. @throws as {@link readStoreKey} */
export function readKeyFile(path: string): StoreKey {
  return storeKeyOf(parseKey(readFileSync(path, 'utf8'), path));
}

export function keyPath(directory: string): string {
  return join(directory, 'keys', 'signing.key');
}

function parseKey(pem: string, path: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new VltairError('unavailable/store_corrupt', { detail: `${path} is no private key`, where: path, cause });
  }
  throw new VltairError('unavailable/store_corrupt', { detail: `${path} is no Ed25519 key`, where: path });
}

/** A key that others could read is repaired, not refused: a restored backup must open. The warning says what it means. */
function restrict(path: string, onWarning: (warning: string) => void): void {
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) === 0) return;
  chmodSync(path, 0o600);
  onWarning(
    `The signing key ${path} could be read by others (mode ${mode.toString(8)}); it is now 600. ` +
      'If others use this machine, replace it: what they sign verifies too.',
  );
}

/** Written aside and linked, so that a crash leaves a whole key or none, and of several that make one the first is kept. */
function createKeyFile(directory: string, path: string): void {
  mkdirSync(join(directory, 'keys'), { recursive: true, mode: 0o700 });
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  const aside = `${path}.${randomBytes(6).toString('hex')}.new`;
  const file = openSync(aside, 'wx', 0o600);
  writeSync(file, pem.toString());
  fsyncSync(file);
  closeSync(file);
  try {
    linkSync(aside, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    unlinkSync(aside);
  }
}

function isMissing(error: unknown): boolean {
  return hasCode(error, 'ENOENT');
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
