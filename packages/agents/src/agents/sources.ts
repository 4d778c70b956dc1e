import { isSourceFile } from '../repair/language.ts';
import type { Workspace } from '../workspace/workspace.ts';

/** Larger sources are generated or minified; nobody repairs them. */
const MAX_SOURCE_BYTES = 2 * 1024 ** 2;

/** A byte order mark stays: an edited file is written back whole. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Every source of a tree by path, as text; what is no UTF-8 is left out. */
export async function readSources(workspace: Workspace, tree: string): Promise<ReadonlyMap<string, string>> {
  const entries = (await workspace.list(tree)).filter(({ path, mode }) => mode !== '120000' && isSourceFile(path));
  const blobs = await workspace.readBlobs(entries.map(({ blob }) => blob));
  const sources = new Map<string, string>();
  for (const { path, blob } of entries) {
    const text = textOf(blobs.get(blob));
    if (text !== undefined) sources.set(path, text);
  }
  return sources;
}

function textOf(bytes: Buffer | undefined): string | undefined {
  if (bytes === undefined || bytes.length > MAX_SOURCE_BYTES) return undefined;
  try {
    return utf8.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined; // Not UTF-8: nobody knows what an edit would do to it.
    throw error;
  }
}
