import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CorpusEntry } from './corpus.ts';

const standardLibrary = '/usr/lib/python3.11';
const systemPython = '/usr/bin/python3';

/** Makes `OUT/repositories/ID` anew from the published sources and tests of an entry and returns its path. */
export function layOut(entry: CorpusEntry, out: string): string {
  const directory = join(out, 'repositories', entry.id);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  if (entry.kind === 'npm') layOutPackage(entry, out, directory);
  else layOutModule(entry, directory);
  return directory;
}

/** One commit with the bug in it, so that history does not give the answer away. */
export function commitAll(directory: string): void {
  writeFileSync(join(directory, '.gitignore'), 'node_modules/\n__pycache__/\n');
  const identity = ['-c', 'user.name=bench', '-c', 'user.email=bench@example.invalid'];
  run('git', ['init', '--quiet'], directory);
  run('git', ['add', '--all'], directory);
  run('git', [...identity, 'commit', '--quiet', '--no-verify', '--message', 'import'], directory);
}

function layOutPackage(entry: CorpusEntry, out: string, directory: string): void {
  const tarball = downloadTarball(entry, join(out, 'tarballs'));
  run('tar', ['xzf', tarball, '--strip-components=1', '--no-same-owner'], directory);
  narrowManifest(entry, join(directory, 'package.json'));
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--silent'];
  if (Object.keys(entry.dependencies).length > 0) run('npm', ['install', ...quiet], directory);
}

function downloadTarball(entry: CorpusEntry, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const tarball = join(folder, `${entry.package}-${entry.version}.tgz`);
  if (!existsSync(tarball)) {
    run('npm', ['pack', `${entry.package}@${entry.version}`, '--ignore-scripts', '--silent'], folder);
  }
  checkIntegrity(tarball, entry.integrity);
  return tarball;
}

/** Keeps the manifest, with the pinned dependencies and the test command of the bench in place of its own. */
function narrowManifest(entry: CorpusEntry, path: string): void {
  const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (typeof manifest !== 'object' || manifest === null) throw new TypeError(`${path} holds no object`);
  const narrowed = {
    ...manifest,
    scripts: { test: entry.testCommand },
    dependencies: undefined,
    devDependencies: entry.dependencies,
  };
  writeFileSync(path, `${JSON.stringify(narrowed, null, 2)}\n`);
}

/** The module stands beside its test file, so that the tests import the copy and not the installed module. */
function layOutModule(entry: CorpusEntry, directory: string): void {
  const version = run(systemPython, ['--version'], directory).trim();
  if (version !== `Python ${entry.version}`) throw new Error(`wanted Python ${entry.version}, found ${version}`);
  const module = `${entry.package}.py`;
  const test = `test_${entry.package}.py`;
  checkIntegrity(join(standardLibrary, module), entry.integrity);
  copyFileSync(join(standardLibrary, module), join(directory, module));
  copyFileSync(join(standardLibrary, 'test', test), join(directory, test));
}

function checkIntegrity(path: string, integrity: string): void {
  const algorithm = integrity.slice(0, integrity.indexOf('-'));
  const found = createHash(algorithm).update(readFileSync(path)).digest('base64');
  if (`${algorithm}-${found}` !== integrity) throw new Error(`${path} is not the file that the corpus names`);
}

function run(command: string, parameters: readonly string[], directory: string): string {
  return execFileSync(command, parameters, { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
