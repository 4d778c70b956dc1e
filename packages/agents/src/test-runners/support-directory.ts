import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  mkdirSync,
  openSync,
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

export interface SupportSettings {
  readonly coverage: boolean;
  /** Relative to the workspace root. */
  readonly selection: readonly TestSelection[];
}

/**
 * Our files beside the tests while they run. They lie in the tests' own working directory, because that is the one place
 * that every sandbox lets the tests write, and are named by relative paths, because a sandbox may mount it elsewhere.
 *
 * What comes back was written by code that nobody trusts: it is read without following links and up to 64 MiB.
 */
export class SupportDirectory implements Disposable {
  readonly #path: string;

  constructor(root: string, directory: string, settings: SupportSettings) {
    const workingDirectory = join(root, directory);
    this.#path = join(workingDirectory, supportDirectory);
    rmSync(this.#path, { recursive: true, force: true });
    mkdirSync(this.#path);
    for (const name of entriesOf(reporters)) copyFileSync(join(reporters, name), join(this.#path, name));
    const up = relative(workingDirectory, root);
    writeFileSync(join(this.#path, 'settings.json'), JSON.stringify({ root: up === '' ? '.' : up, ...settings }));
    chmodSync(this.#path, 0o777); // The tests may run as another user, who has to create the report.
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

  [Symbol.dispose](): void {
    rmSync(this.#path, { recursive: true, force: true });
  }
}

function readPlainFile(path: string): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const status = fstatSync(file);
    if (!status.isFile()) return '';
    const bytes = Buffer.alloc(Math.min(status.size, largestReport));
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0)).toString('utf8');
  } finally {
    closeSync(file);
  }
}
