import { execFile, spawn, type ChildProcess } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { forceRemove } from '../src/workspace/force-remove.ts';

/** A temporary directory with the given files, removed when the test is over. */
export function aDirectory(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'vltair-test-')));
  onTestFinished(async () => await forceRemove(directory));
  fill(directory, files);
  return directory;
}

export function fill(directory: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
}

/** Everything that can be seen of a directory: type, mode, owner, modification time, content. Links are not followed. */
export function listing(directory: string): readonly string[] {
  return pathsBelow(directory).map((path) => {
    const found = lstatSync(join(directory, path), { bigint: true });
    const content = found.isFile() ? readFileSync(join(directory, path), 'base64') : '';
    const target = found.isSymbolicLink() ? readlinkSync(join(directory, path)) : '';
    return `${path} ${found.mode} ${found.uid} ${found.ino} ${found.mtimeNs} ${target} ${content}`;
  });
}

/** Not `readdir` with `recursive`, which follows links to directories. */
function pathsBelow(directory: string, prefix = ''): readonly string[] {
  return readdirSync(join(directory, prefix), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => [
      prefix + entry.name,
      ...(entry.isDirectory() ? pathsBelow(directory, `${prefix}${entry.name}/`) : []),
    ]);
}

/** Paths and contents of the files below a directory. */
export function contents(directory: string): Readonly<Record<string, string>> {
  const files = pathsBelow(directory).filter((path) => lstatSync(join(directory, path)).isFile());
  return Object.fromEntries(files.map((path) => [path, readFileSync(join(directory, path), 'utf8')]));
}

const run = promisify(execFile);

/** The user's own git, as in a shell: used to make repositories and to try what users do with our output. */
export async function userGit(directory: string, ...args: readonly string[]): Promise<string> {
  const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.com', '-c', 'init.defaultBranch=main'];
  return (await run('git', [...identity, ...args], { cwd: directory })).stdout;
}

export const isRoot = process.getuid?.() === 0;

/** Starts a script of ours in a process of its own; `./` imports are relative to this folder. */
export function startScript(body: string, options: { readonly uid?: number } = {}): ChildProcess {
  const source = body.replaceAll("'./", `'${join(import.meta.dirname, '..', 'src', 'workspace')}/`);
  const identity = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
  return spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...identity,
  });
}

/** Kills a script after a delay, or lets it end; resolves when the process is gone. */
export async function killAfter(child: ChildProcess, delayMs: number): Promise<void> {
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await new Promise<void>((resolve) => child.stdout?.once('data', () => resolve()));
  const timer = setTimeout(() => child.kill('SIGKILL'), delayMs);
  await ended;
  clearTimeout(timer);
}
