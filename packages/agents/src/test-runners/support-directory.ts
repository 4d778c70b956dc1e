import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { entriesOf } from './project-files.ts';
import { supportDirectory } from './runners/runner-adapter.ts';
import type { TestSelection } from './test-command.ts';

const reporters = join(import.meta.dirname, 'reporters');
const largestReport = 64 * 1024 * 1024;
const lines = 'report.jsonl';

export interface SupportSettings {
  readonly coverage: boolean;
  /** Relative to the workspace root. */
  readonly selection: readonly TestSelection[];
}

/**
 * Our files beside the tests while they run. They lie in the tests' own working directory, because that is the one place
 * that every sandbox lets the tests write, and are named by relative paths, because a sandbox may mount it elsewhere.
 *
 * What comes back was written by code that nobody trusts: it is read without following links and up to 64 MiB. The file that
 * our reporters write is held open: tests that delete their own tree delete its name, not what it says.
 */
export class SupportDirectory implements Disposable {
  readonly #path: string;
  readonly #created: string | undefined;
  readonly #held: number;
  /** What lay in the working directory before. */
  readonly #entries: readonly string[];

  constructor(root: string, directory: string, settings: SupportSettings) {
    const workingDirectory = join(root, directory);
    mkdirSync(workingDirectory, { recursive: true }); // An earlier execution may have deleted it.
    this.#path = join(workingDirectory, supportDirectory);
    this.#entries = entriesOf(workingDirectory).filter((name) => name !== supportDirectory);
    this.#created = makeModulesDirectory(workingDirectory);
    rmSync(this.#path, { recursive: true, force: true });
    mkdirSync(this.#path);
    for (const [name, content] of reporterFiles()) writeFileSync(join(this.#path, name), content);
    const up = relative(workingDirectory, root);
    writeFileSync(join(this.#path, 'settings.json'), JSON.stringify({ root: up === '' ? '.' : up, ...settings }));
    chmodSync(this.#path, 0o777); // The tests may run as another user, who has to create the report.
    this.#held = openSync(join(this.#path, lines), constants.O_RDWR | constants.O_CREAT | constants.O_EXCL);
    fchmodSync(this.#held, 0o666);
  }

  /** What our reporters wrote, also when the tests deleted the file or swapped it for another. */
  readLines(): string {
    return readDescriptor(this.#held);
  }

  /** The text of a file that the tests left here; empty when there is none, or when it is not a plain file of this directory. */
  readReport(name: string): string {
    try {
      return realpathSync(this.#path) === join(realpathSync(join(this.#path, '..')), supportDirectory)
        ? readPlainFile(join(this.#path, name))
        : '';
    } catch {
      return ''; // Deleted, or swapped for a link: the run is then judged as one without a report.
    }
  }

  /**
   * What the tests deleted under their own feet: nothing as long as our files are there. Of the working directory the names
   * that are gone with them; none when ours alone are.
   */
  deleted(): readonly string[] | undefined {
    if (existsSync(join(this.#path, 'settings.json'))) return undefined;
    return this.#entries.filter((name) => !existsSync(join(this.#path, '..', name)));
  }

  [Symbol.dispose](): void {
    closeSync(this.#held);
    rmSync(this.#path, { recursive: true, force: true });
    if (this.#created !== undefined) rmSync(this.#created, { recursive: true, force: true });
  }
}

/**
 * A package of a monorepo may have no node_modules of its own. Tools then write their temporary files into the nearest one
 * above, which a sandbox may have mounted read-only (vite bundles its configuration into `node_modules/.vite-temp`).
 */
function makeModulesDirectory(workingDirectory: string): string | undefined {
  const modules = join(workingDirectory, 'node_modules');
  if (!existsSync(join(workingDirectory, 'package.json')) || existsSync(modules)) return undefined;
  mkdirSync(modules);
  chmodSync(modules, 0o777);
  return modules;
}

let read: ReadonlyMap<string, Buffer> | undefined;

/** Read once and written each time: removing a fresh copy of a file waits for the disk, removing a written one does not. */
function reporterFiles(): ReadonlyMap<string, Buffer> {
  read ??= new Map(entriesOf(reporters).map((name) => [name, readFileSync(join(reporters, name))]));
  return read;
}

function readPlainFile(path: string): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return readDescriptor(file);
  } finally {
    closeSync(file);
  }
}

function readDescriptor(file: number): string {
  const status = fstatSync(file);
  if (!status.isFile()) return '';
  const bytes = Buffer.alloc(Math.min(status.size, largestReport));
  return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0)).toString('utf8');
}
