import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, fingerprintOf, VltairError } from '@vltair/protocol';
import { z } from 'zod';
import { sha256 } from '../journal/sha256.ts';
import { isSignedBy } from '../journal/signing-key.ts';
import type { Signer } from '../ports/event-store.ts';

const digestSchema = z.string().regex(/^[0-9a-f]{64}$/);

/** The files that a backup may hold beside its manifest. */
export const backupParts = ['store.db', 'objects.pack', 'policy.yaml', 'signing.key'] as const;
export type BackupPart = (typeof backupParts)[number];

const partSchema = z.strictObject({ name: z.enum(backupParts), bytes: z.int().nonnegative(), sha256: digestSchema });
type Part = z.infer<typeof partSchema>;

/** What a backup holds, and how far the store had come. */
const backupManifestSchema = z.strictObject({
  format: z.literal(1),
  /** The identity of the store that was copied. */
  store: z.string().min(1),
  createdTs: z.int().nonnegative(),
  epoch: z.int().nonnegative(),
  /** The chain of signed commits, followed to its end in the copy itself. */
  commits: z.strictObject({ count: z.int().nonnegative(), head: digestSchema, lastPosition: z.int().nonnegative() }),
  runs: z.record(z.string(), z.int().nonnegative()),
  parts: z.array(partSchema).min(1),
  publicKey: digestSchema,
});
export type BackupManifest = z.infer<typeof backupManifestSchema>;

const signedSchema = z.strictObject({ manifest: backupManifestSchema, signature: z.string() });

const MANIFEST = 'manifest.json';

/** A manifest that was found to be signed, and what was found to be what it says. */
export interface CheckedBackup {
  readonly manifest: BackupManifest;
  /** The name of the backup: SHA-256 of its manifest. */
  readonly id: string;
  /** Of the key that signed it. */
  readonly fingerprint: string;
}

/** The text of `manifest.json`, and the name that it gives the backup. */
export function signManifest(
  manifest: BackupManifest,
  signer: Signer,
): { readonly text: string; readonly checked: CheckedBackup } {
  const signature = signer.sign(canonicalJson(manifest));
  return { text: `${canonicalJson({ manifest, signature })}\n`, checked: checkedOf(manifest) };
}

export function manifestPath(directory: string): string {
  return join(directory, MANIFEST);
}

export async function describePart(directory: string, name: BackupPart): Promise<Part> {
  const path = join(directory, name);
  return { name, bytes: statSync(path).size, sha256: await digestOfFile(path) };
}

/**
 * Checks every byte of a backup against its signed manifest.
 *
 * @throws VltairError `not_found/file`, `invalid_argument/backup`.
 */
export async function checkBackup(directory: string): Promise<CheckedBackup> {
  const manifest = readManifest(directory);
  for (const part of manifest.parts) {
    const path = join(directory, part.name);
    const fault = await faultOfPart(path, part);
    if (fault !== undefined) throw altered(path, fault);
  }
  return checkedOf(manifest);
}

export function holdsPart({ manifest }: CheckedBackup, name: BackupPart): boolean {
  return manifest.parts.some((part) => part.name === name);
}

async function faultOfPart(path: string, { bytes, sha256: digest }: Part): Promise<string | undefined> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() !== true) return 'it is missing';
  if (found.size !== bytes) return `it has ${found.size} bytes, ${bytes} were signed`;
  return (await digestOfFile(path)) === digest ? undefined : 'its bytes are not those that were signed';
}

function readManifest(directory: string): BackupManifest {
  const path = manifestPath(directory);
  if (!existsSync(directory)) throw new VltairError('not_found/file', { detail: directory, where: directory });
  if (!existsSync(path)) throw altered(directory, 'it has no manifest: it was not finished, or is no backup');
  const signed = parseManifest(path);
  const { manifest, signature } = signed;
  if (isSignedBy(manifest.publicKey, canonicalJson(manifest), signature)) return manifest;
  throw altered(path, 'its signature does not hold');
}

function parseManifest(path: string): z.infer<typeof signedSchema> {
  try {
    return signedSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw altered(path, 'it is no manifest of this version', cause);
  }
}

function checkedOf(manifest: BackupManifest): CheckedBackup {
  const id = sha256(Buffer.from(canonicalJson(manifest)));
  return { manifest, id, fingerprint: fingerprintOf(manifest.publicKey, sha256) };
}

function altered(path: string, detail: string, cause?: unknown): VltairError {
  return new VltairError('invalid_argument/backup', { detail: `${path}: ${detail}`, where: path, cause });
}

async function digestOfFile(path: string): Promise<string> {
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(path)) digest.update(chunk as Buffer);
  return digest.digest('hex');
}
