import type { Dirent } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { VltairError } from '@vltair/protocol';
import { IgnoreRules } from './ignore-rules.ts';
import { readSource, unreadable } from './read-source.ts';
import { skipped, type SourceEntry } from './source-entry.ts';

export interface WalkOptions {
  /** Larger files are skipped. 1 MiB unless told. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

const MAX_BYTES = 1024 * 1024;
const NEVER: ReadonlySet<string> = new Set(['.git', '.vltair']);

interface Walk {
  readonly root: string;
  /** Of the root below the top of its repository, which rules are relative to; '' or with `/` at the end. */
  readonly prefix: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * The text files of a directory, in UTF-16 code unit order of their paths, each read when it is asked for.
 *
 * What the .gitignore files in it, and those above it in its repository, leave out does not come at all, nor does what is
 * called .git or .vltair. What is skipped for another reason comes with the reason: links (none is followed: what they lead
 * to within the directory comes under its own path), pipes and devices, files that are too large or no text, and what
 * cannot be read or vanishes meanwhile.
 *
 * @throws VltairError `invalid_argument/not_a_directory`, `invalid_argument/unreadable`; the reason of the signal
 */
export async function* walkSources(directory: string, options: WalkOptions = {}): AsyncGenerator<SourceEntry, void> {
  const root = await rootOf(directory);
  const top = await repositoryOf(root);
  const prefix = top === root ? '' : `${slashed(relative(top, root))}/`;
  const { maxBytes = MAX_BYTES, signal } = options;
  const walk: Walk = { root, prefix, maxBytes, signal };
  yield* walkDirectory(walk, '', await rulesAbove(top, root, maxBytes));
}

async function rootOf(directory: string): Promise<string> {
  const status = await stat(directory).catch((error: unknown) => {
    throw new VltairError('invalid_argument/not_a_directory', { detail: directory, cause: error });
  });
  if (!status.isDirectory()) throw new VltairError('invalid_argument/not_a_directory', { detail: directory });
  return await realpath(directory);
}

/** The nearest directory, from the given one upwards, that holds a .git; the given one when none does. */
async function repositoryOf(root: string): Promise<string> {
  for (let place = root; ; place = dirname(place)) {
    if (await exists(join(place, '.git'))) return place;
    if (dirname(place) === place) return root;
  }
}

/** The rules of the directories above the root. A root that they leave out was asked for all the same: then none hold. */
async function rulesAbove(top: string, root: string, maxBytes: number): Promise<IgnoreRules> {
  const names = top === root ? [] : relative(top, root).split(sep);
  let rules = new IgnoreRules();
  for (const [depth, name] of names.entries()) {
    const above = names.slice(0, depth).join('/');
    const file = await readSource(join(top, above, '.gitignore'), '.gitignore', maxBytes);
    if (file.kind === 'file') rules = rules.with(above, file.text);
    if (rules.ignores(above === '' ? name : `${above}/${name}`, true)) return new IgnoreRules();
  }
  return rules;
}

async function* walkDirectory(walk: Walk, path: string, above: IgnoreRules): AsyncGenerator<SourceEntry, void> {
  const { root, prefix, signal } = walk;
  const entries = await listed(join(root, path)).catch((error: unknown) => unlisted(path, error));
  if ('kind' in entries) {
    yield entries;
    return;
  }
  const rules = entries.some(isIgnoreFile) ? await rulesIn(walk, path, above) : above;
  for (const entry of entries) {
    signal?.throwIfAborted();
    const inner = `${path}${entry.name}`;
    if (NEVER.has(entry.name) || rules.ignores(`${prefix}${inner}`, entry.isDirectory())) continue;
    if (entry.isDirectory()) yield* walkDirectory(walk, `${inner}/`, rules);
    else yield await entryOf(walk, inner, entry);
  }
}

/** In the order of the paths that lie in them: `a-b` comes before `a/b`. */
async function listed(directory: string): Promise<readonly Dirent[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const key = (entry: Dirent): string => (entry.isDirectory() ? `${entry.name}/` : entry.name);
  return entries.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

function unlisted(path: string, error: unknown): SourceEntry {
  if (path !== '') return unreadable(path, error);
  throw new VltairError('invalid_argument/unreadable', { detail: 'the directory itself', cause: error });
}

function isIgnoreFile(entry: Dirent): boolean {
  return entry.name === '.gitignore' && entry.isFile();
}

/** One that cannot be read has no rules; it is reported as a file among the others. */
async function rulesIn({ root, prefix, maxBytes }: Walk, path: string, above: IgnoreRules): Promise<IgnoreRules> {
  const file = await readSource(join(root, path, '.gitignore'), path, maxBytes);
  return file.kind === 'file' ? above.with(`${prefix}${path}`.replace(/\/$/, ''), file.text) : above;
}

function entryOf({ root, maxBytes }: Walk, path: string, entry: Dirent): Promise<SourceEntry> | SourceEntry {
  if (entry.isSymbolicLink()) return linkEntry(root, path);
  return entry.isFile() ? readSource(join(root, path), path, maxBytes) : skipped(path, 'special');
}

async function linkEntry(root: string, path: string): Promise<SourceEntry> {
  try {
    const target = await realpath(join(root, path));
    const isInside = target === root || target.startsWith(root.endsWith(sep) ? root : `${root}${sep}`);
    return skipped(path, isInside ? 'symlink_inside' : 'symlink_outside');
  } catch (error) {
    // a link to nothing and one to itself are the same to whoever reads: there is no text
    return skipped(path, 'symlink_broken', error instanceof Error && 'code' in error ? String(error.code) : undefined);
  }
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false, // what cannot be looked at is as good as absent: there are no rules to be found there
  );
}

function slashed(path: string): string {
  return path.replaceAll(sep, '/');
}
