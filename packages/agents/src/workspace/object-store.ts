import { mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodePack, type FileMode, type GitObject, type TreeEntry } from './git-objects.ts';
import { announcePut } from './collection.ts';
import { runGit } from './git-process.ts';
import { WorkspaceError, isAbsent, systemCode } from './workspace-error.ts';

/**
 * A private, bare git object store.
 *
 * - S1: an id returned by `put` survives a power failure: contents are fsynced by git, directory entries here.
 * - S2: objects are only ever added, but for a collection, which waits for no one and whom every `put` waits for
 *   (see collection.ts); a process killed while writing leaves at most unreferenced temporary files.
 */
export class ObjectStore {
  readonly gitDirectory: string;
  readonly #lists = new Map<string, readonly TreeEntry[]>();

  private constructor(gitDirectory: string) {
    this.gitDirectory = gitDirectory;
  }

  /** Opens `<dataDirectory>/objects.git`, creating it atomically when it is not there. */
  static async open(dataDirectory: string): Promise<ObjectStore> {
    const gitDirectory = join(dataDirectory, 'objects.git');
    const config = await readConfig(gitDirectory);
    if (config === undefined) await create(dataDirectory, gitDirectory);
    else if (!/objectformat\s*=\s*sha256/iu.test(config)) {
      throw new WorkspaceError('corrupt', `${gitDirectory} is not a SHA-256 object store`, { path: gitDirectory });
    }
    return new ObjectStore(gitDirectory);
  }

  /** Makes the objects durable. Objects already there are not written again. */
  async put(objects: readonly GitObject[]): Promise<void> {
    await announcePut(this.gitDirectory);
    const unique = [...new Map(objects.map((object) => [object.id, object])).values()];
    const absent = await this.#absent(unique);
    // A few objects as loose files, many as one pack: the same trade as git's own `transfer.unpackLimit`.
    const args = absent.length <= 64 ? ['unpack-objects', '-q'] : ['index-pack', '--stdin', '--fix-thin'];
    if (absent.length > 0) await runGit({ gitDirectory: this.gitDirectory, args, input: encodePack(absent) });
    await this.#sync(absent.length <= 64 ? absent : [], unique);
  }

  /** All files of a tree in byte order of their paths. @throws WorkspaceError `missing_tree` */
  async list(tree: string): Promise<readonly TreeEntry[]> {
    const known = this.#lists.get(tree);
    if (known !== undefined) return known;
    await this.#requireTree(tree);
    const output = await this.#git(['ls-tree', '-r', '-l', '-z', '--full-tree', tree]);
    const entries = output.toString('utf8').split('\0').slice(0, -1).map(parseEntry);
    if (this.#lists.size >= 16) this.#lists.delete(this.#lists.keys().next().value ?? '');
    this.#lists.set(tree, entries);
    return entries;
  }

  /** Contents by blob id. @throws WorkspaceError `corrupt` when one is not in the store */
  async read(blobs: Iterable<string>): Promise<ReadonlyMap<string, Buffer>> {
    const wanted = [...new Set(blobs)];
    if (wanted.length === 0) return new Map();
    const output = await this.#git(['cat-file', '--batch'], [Buffer.from(`${wanted.join('\n')}\n`)]);
    return parseBatch(output);
  }

  /** Runs a reading command of git on this store. */
  async inspect(args: readonly string[]): Promise<Buffer> {
    return await this.#git(args);
  }

  async #git(args: readonly string[], input?: Iterable<Uint8Array>): Promise<Buffer> {
    return await runGit({ gitDirectory: this.gitDirectory, args, ...(input === undefined ? {} : { input }) });
  }

  async #requireTree(tree: string): Promise<void> {
    const wellFormed = /^[0-9a-f]{64}$/u.test(tree);
    const answer = wellFormed ? await this.#git(['cat-file', '--batch-check'], [Buffer.from(`${tree}\n`)]) : '';
    if (!answer.toString().startsWith(`${tree} tree `)) {
      throw new WorkspaceError('missing_tree', `the object store has no tree ${tree.slice(0, 80)}`);
    }
  }

  async #absent(objects: readonly GitObject[]): Promise<readonly GitObject[]> {
    if (objects.length === 0) return [];
    const ids = Buffer.from(objects.map(({ id }) => `${id}\n`).join(''));
    const answers = (await this.#git(['cat-file', '--batch-check=%(objectname)'], [ids])).toString().split('\n');
    return objects.filter((_, at) => answers[at]?.endsWith(' missing') === true);
  }

  /**
   * Contents of loose objects, which git before 2.36 does not sync (it always syncs packs), and the names of all objects:
   * whoever wrote those that were there before may have died before this step.
   */
  async #sync(written: readonly GitObject[], all: readonly GitObject[]): Promise<void> {
    const objects = join(this.gitDirectory, 'objects');
    for (const { id } of written) await syncPath(join(objects, id.slice(0, 2), id.slice(2)));
    const fans = new Set(all.map(({ id }) => id.slice(0, 2)));
    for (const fan of [...fans, 'pack', '.']) await syncPath(join(objects, fan));
  }
}

/** Makes a file's content, or the names in a directory, durable. What is not there has none. */
export async function syncPath(path: string): Promise<void> {
  try {
    await using handle = await open(path, 'r');
    await handle.sync();
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

async function readConfig(gitDirectory: string): Promise<string | undefined> {
  try {
    return await readFile(join(gitDirectory, 'config'), 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw new WorkspaceError('store_unwritable', `${gitDirectory} cannot be read`, {
      path: gitDirectory,
      cause: error,
    });
  }
}

/** Attributes in a captured tree (`* text`, `*.bin filter=lfs`, `-diff`) must not alter bytes or diffs. */
const ATTRIBUTES = '* -text !eol -ident -filter !diff !working-tree-encoding\n';

async function create(dataDirectory: string, gitDirectory: string): Promise<void> {
  try {
    await mkdir(dataDirectory, { recursive: true });
    const draft = await mkdtemp(join(dataDirectory, 'objects.git.'));
    const args = ['init', '--quiet', '--bare', '--template=', '--object-format=sha256', draft];
    await runGit({ gitDirectory: draft, args, directory: dataDirectory }).catch(explainInit);
    await mkdir(join(draft, 'info'), { recursive: true });
    await writeFile(join(draft, 'info', 'attributes'), ATTRIBUTES, { flush: true });
    await install(draft, gitDirectory);
    await syncPath(dataDirectory);
  } catch (error) {
    if (error instanceof WorkspaceError) throw error;
    const reason = systemCode(error) === 'ENOSPC' ? 'store_full' : 'store_unwritable';
    throw new WorkspaceError(reason, `cannot create ${gitDirectory}: ${String(error)}`, {
      path: gitDirectory,
      cause: error,
    });
  }
}

async function install(draft: string, gitDirectory: string): Promise<void> {
  try {
    await rename(draft, gitDirectory);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another process was first; its store is as good as ours.
    if (systemCode(error) !== 'ENOTEMPTY' && systemCode(error) !== 'EEXIST') throw error;
  }
}

function explainInit(error: unknown): never {
  if (error instanceof WorkspaceError && /object-format|unknown (option|hash)/u.test(error.detail)) {
    throw new WorkspaceError('git_too_old', 'git 2.29 or newer is needed', { cause: error });
  }
  throw error;
}

function parseEntry(row: string): TreeEntry {
  const tab = row.indexOf('\t');
  const [mode = '', , blob = '', size = ''] = row.slice(0, tab).split(/ +/u);
  return { path: row.slice(tab + 1), mode: mode as FileMode, blob, size: Number(size) };
}

function parseBatch(output: Buffer): ReadonlyMap<string, Buffer> {
  const contents = new Map<string, Buffer>();
  for (let at = 0; at < output.length;) {
    const lineEnd = output.indexOf(10, at);
    const [id = '', kind = '', size = ''] = output.toString('utf8', at, lineEnd).split(' ');
    if (kind !== 'blob') throw new WorkspaceError('corrupt', `the object store has no blob ${id}`);
    const end = lineEnd + 1 + Number(size);
    contents.set(id, output.subarray(lineEnd + 1, end));
    at = end + 1;
  }
  return contents;
}
