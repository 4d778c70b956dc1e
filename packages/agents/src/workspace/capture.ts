import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  type BigIntStats,
} from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { aBlob, compareBytes, encodeTrees, type FileMode, type GitObject, type TreeEntry } from './git-objects.ts';
import type { ObjectStore } from './object-store.ts';
import { survey, type Note, type Skipped, type Survey, type SurveyRules } from './survey.ts';
import { WorkspaceError, isAbsent, systemCode } from './workspace-error.ts';

/** A directory recorded as a tree. */
export interface TreeSnapshot {
  /** SHA-256 id of the tree, 64 hex digits. Equal contents, names and executable bits give equal ids. */
  readonly tree: string;
  /** The canonical path of the directory. */
  readonly directory: string;
  readonly files: number;
  readonly bytes: number;
  readonly skipped: readonly Skipped[];
  readonly notes: readonly Note[];
  readonly dependencies: readonly string[];
  readonly ignored: readonly string[];
}

export interface CaptureRules extends SurveyRules {
  readonly maxFileBytes: number;
  /** The blob of a file that is known to be unchanged, so that it need not be read. */
  readonly known?: (path: string) => TreeEntry | undefined;
}

/** Objects of one pack: bounds memory and the time between two turns of the event loop. */
const BATCH_BYTES = 32 * 1024 * 1024;
const BATCH_FILES = 4_000;
const SLICE_FILES = 64;

/**
 * Records a directory that may change while it is read: each file is as it was at one moment, and files seen to change
 * are noted. Nothing in the directory is written.
 *
 * Files are read by synchronous calls in slices of a few milliseconds: five asynchronous calls a file cost five times
 * as much processor time as the reading itself.
 *
 * @throws WorkspaceError `unreadable`, `store_full`
 */
export async function captureDirectory(
  store: ObjectStore,
  directory: string,
  rules: CaptureRules,
): Promise<TreeSnapshot> {
  const found = await survey(directory, rules);
  const reader = new Reader(directory, rules, found);
  for (const [at, file] of found.files.entries()) {
    if (at % SLICE_FILES === SLICE_FILES - 1) await nextTurn();
    reader.read(file);
    if (reader.pendingBytes >= BATCH_BYTES || reader.pending.length >= BATCH_FILES)
      await store.put(reader.takePending());
  }
  const entries = reader.entries.sort((a, b) => compareBytes(a.path, b.path));
  const { root, objects } = encodeTrees(entries);
  await store.put([...reader.takePending(), ...objects]);
  return {
    tree: root,
    directory,
    files: entries.length,
    bytes: entries.reduce((sum, { size }) => sum + size, 0),
    skipped: sorted(reader.skipped),
    notes: sorted(reader.notes),
    dependencies: found.dependencies.toSorted(compareBytes),
    ignored: found.ignored.toSorted(compareBytes),
  };
}

function sorted<Row extends { readonly path: string }>(rows: readonly Row[]): readonly Row[] {
  return rows.toSorted((a, b) => compareBytes(a.path, b.path));
}

class Reader {
  readonly entries: TreeEntry[] = [];
  readonly skipped: Skipped[];
  readonly notes: Note[];
  pending: GitObject[] = [];
  pendingBytes = 0;
  readonly #directory: string;
  readonly #rules: CaptureRules;

  constructor(directory: string, rules: CaptureRules, found: Survey) {
    this.#directory = directory;
    this.#rules = rules;
    this.skipped = [...found.skipped];
    this.notes = [...found.notes];
  }

  takePending(): readonly GitObject[] {
    const taken = this.pending;
    this.pending = [];
    this.pendingBytes = 0;
    return taken;
  }

  read({ path, isLink }: Survey['files'][number]): void {
    const known = this.#rules.known?.(path);
    if (known !== undefined) {
      this.entries.push(known);
      return;
    }
    try {
      if (isLink) this.#readLink(path);
      else this.#readFile(path);
    } catch (error) {
      this.#explain(path, error);
    }
  }

  #readLink(path: string): void {
    const target = readlinkSync(join(this.#directory, path), { encoding: 'buffer' });
    const leadsTo = resolve(this.#directory, dirname(path), target.toString());
    const isInside = leadsTo === this.#directory || leadsTo.startsWith(this.#directory + sep);
    // An absolute link into the directory leads out of every copy of it.
    if (!isInside || target.toString().startsWith('/')) this.notes.push({ path, reason: 'link_outside' });
    this.#keep(path, '120000', target);
  }

  #readFile(path: string): void {
    // Without NONBLOCK a fifo that took the file's place would wait for a writer; NOFOLLOW refuses a link that did.
    const descriptor = openSync(
      join(this.#directory, path),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    try {
      const before = fstatSync(descriptor, { bigint: true });
      const reason = before.isFile()
        ? before.size > this.#rules.maxFileBytes
          ? 'too_large'
          : undefined
        : 'not_a_file';
      if (reason !== undefined) {
        this.skipped.push({ path, reason });
        return;
      }
      const content = readFileSync(descriptor);
      if (!isSame(before, fstatSync(descriptor, { bigint: true })) || BigInt(content.length) !== before.size) {
        this.notes.push({ path, reason: 'changed_during_capture' });
      }
      this.#keep(path, (before.mode & 0o100n) === 0n ? '100644' : '100755', content);
    } finally {
      closeSync(descriptor);
    }
  }

  #keep(path: string, mode: FileMode, content: Buffer): void {
    const blob = aBlob(content);
    this.entries.push({ path, mode, blob: blob.id, size: content.length });
    this.pending.push(blob);
    this.pendingBytes += content.length;
  }

  #explain(path: string, error: unknown): void {
    const code = systemCode(error);
    if (isAbsent(error) || code === 'ELOOP' || code === 'ENXIO' || code === 'EINVAL') {
      this.skipped.push({
        path,
        reason: lstatSync(join(this.#directory, path), { throwIfNoEntry: false }) ? 'not_a_file' : 'vanished',
      });
      return;
    }
    throw new WorkspaceError('unreadable', `file ${path} cannot be read: ${String(error)}`, { path, cause: error });
  }
}

function isSame(a: BigIntStats, b: BigIntStats): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
}
