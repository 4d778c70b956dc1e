import { hash } from 'node:crypto';
import { canonicalJson } from '@vltair/protocol';
import { pathOfChunk } from './chunk-ids.ts';
import { maskSecrets, secretLines } from './file-secrets.ts';
import type { SourceChunk, SplitLimits } from './source-chunk.ts';
import { skipped, type SkippedSource, type SourceEntry, type SourceFile } from './source-entry.ts';
import { splitSource } from './split-source.ts';

export interface IngestOptions {
  /** A file with a secret is left out, and reported with the lines, or goes in with the secrets masked. */
  readonly secrets: 'refuse' | 'mask';
  readonly limits?: Partial<SplitLimits>;
}

/** What has to be written so that a store holds what the files hold. */
export interface IngestPlan {
  /** Chunks that are new or have changed. */
  readonly upserts: readonly PlannedChunk[];
  /** Ids that are known and no longer come, in UTF-16 code unit order. */
  readonly deletes: readonly string[];
  /** Files and directories that were left out, and why. */
  readonly skipped: readonly SkippedSource[];
  /** How many chunks are known as they are. */
  readonly unchanged: number;
}

export interface PlannedChunk extends SourceChunk {
  /** SHA-256, in hex, of all that a store keeps of the chunk: text, lines, symbol and language. */
  readonly contentHash: string;
}

/**
 * Compares files with what is known of them, by the content hashes of their chunks.
 *
 * Chunks of files that are gone, ignored, or skipped for what they are (too large, binary, a link, a secret) are deleted.
 * Those of a file or a directory that cannot be read are kept: nothing is known against them.
 *
 * @param known content hashes by chunk id, as the last plan gave them
 * @param files from `walkSources`, or any others
 */
export async function planIngest(
  known: ReadonlyMap<string, string>,
  files: AsyncIterable<SourceEntry> | Iterable<SourceEntry>,
  options: IngestOptions,
): Promise<IngestPlan> {
  const seen = new Set<string>();
  const upserts: PlannedChunk[] = [];
  const left: SkippedSource[] = [];
  for await (const file of files) {
    const entry = withoutSecrets(file, options.secrets);
    if (entry.kind === 'skipped') left.push(entry);
    else {
      const chunks = splitSource({ path: entry.path, text: entry.text, limits: options.limits ?? {} }).map(planned);
      for (const { id } of chunks) seen.add(id);
      upserts.push(...chunks.filter(({ id, contentHash }) => known.get(id) !== contentHash));
    }
  }
  const unreadable = left.filter(({ reason }) => reason === 'unreadable').map(({ path }) => path);
  const isGone = (id: string): boolean => !seen.has(id) && !unreadable.some((place) => liesIn(pathOfChunk(id), place));
  const deletes = [...known.keys()].filter(isGone).toSorted((a, b) => (a < b ? -1 : 1));
  return { upserts, deletes, skipped: left, unchanged: seen.size - upserts.length };
}

/**
 * Over text, lines, symbol and language: a chunk that moved is written again, so that its lines stay true. It is not
 * embedded again: that goes by the text alone.
 */
function contentHashOf({ text, startLine, endLine, symbol, language }: SourceChunk): string {
  const content = { text: text.toWellFormed(), startLine, endLine, symbol: symbol?.toWellFormed(), language };
  return hash('sha256', canonicalJson(content), 'hex');
}

function planned(chunk: SourceChunk): PlannedChunk {
  return { ...chunk, contentHash: contentHashOf(chunk) };
}

function withoutSecrets(entry: SourceEntry, secrets: IngestOptions['secrets']): SourceEntry {
  if (entry.kind === 'skipped') return entry;
  return secrets === 'mask' ? { ...entry, text: maskSecrets(entry.text) } : refusedWithSecrets(entry);
}

const MAX_LINES_NAMED = 10;

function refusedWithSecrets(file: SourceFile): SourceEntry {
  const lines = secretLines(file.text);
  if (lines.length === 0) return file;
  const more = lines.length > MAX_LINES_NAMED ? ` and ${lines.length - MAX_LINES_NAMED} more` : '';
  return skipped(file.path, 'secret', `line ${lines.slice(0, MAX_LINES_NAMED).join(', ')}${more}`);
}

/** Whether a path is, or lies in, another one. Directories end with `/`. */
function liesIn(path: string, place: string): boolean {
  return path === place || (place.endsWith('/') && path.startsWith(place));
}
