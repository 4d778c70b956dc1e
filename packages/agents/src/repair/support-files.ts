/**
 * Files that serve tests although their path does not say so: what test configuration names, and helpers that nothing but
 * tests imports.
 *
 * I1: a file of a source place (`src`, `lib`, `app`, a Python package) is never support for being imported by tests alone: in a
 * small library that file is what the tests are about.
 */
import { posix } from 'node:path';
import { importsOf, type Sources } from './import-graph.ts';

const configurationName = /^((vitest|vite|jest|playwright|ava)\.(config|workspace)\.|\.mocharc\.)|^package\.json$/;

/** Settings whose values are files that run around the tests. */
const setupSetting =
  /\b(?:setupFiles(?:AfterEnv)?|setupFilesAfterEnv|globalSetup|globalTeardown|testEnvironment|snapshotSerializers|require|import|file|spec)\b["']?\s*:\s*(\[[^\]]*\]|["'][^"'\n]+["']|[^\n]*(?:\n[ \t]*-[^\n]*)*)/g;
const quotedOrListed = /["']([^"'\n]+)["']|^[ \t]*-?[ \t]*([\w./@<>-]+)[ \t]*,?$/gm;

/** Whether a file may name setup files. */
export function isTestConfiguration(path: string): boolean {
  return configurationName.test(posix.basename(path));
}

/** The existing files that test configurations name as their setup. */
export function setupFiles(configurations: ReadonlyMap<string, string>, paths: ReadonlySet<string>): readonly string[] {
  return [...configurations].flatMap(([path, text]) =>
    [...settingsOf(path, text).matchAll(setupSetting)].flatMap(([, value]) =>
      [...(value ?? '').matchAll(quotedOrListed)].flatMap(([, quoted, listed]) =>
        existing(posix.dirname(path), quoted ?? listed ?? '', paths),
      ),
    ),
  );
}

/** In a package.json the sections of test runners only: `exports` has a `require` too, and it names sources. */
function settingsOf(path: string, text: string): string {
  if (posix.basename(path) !== 'package.json') return text;
  try {
    const manifest: unknown = JSON.parse(text);
    if (typeof manifest !== 'object' || manifest === null) return '';
    const sections = Object.entries(manifest).filter(([name]) => /^(jest|mocha|ava|vitest)$/.test(name));
    return JSON.stringify(Object.fromEntries(sections));
  } catch {
    return ''; // A broken package.json configures nothing.
  }
}

const endings = ['', '.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '.json', '/index.js', '/index.ts'];

function existing(folder: string, name: string, paths: ReadonlySet<string>): string[] {
  const place = posix.join(folder, name.replace(/^<rootDir>\//, ''));
  return endings
    .map((ending) => place + ending)
    .filter((path) => paths.has(path))
    .slice(0, 1);
}

const sourcePlace = /^(src|source|sources|lib|app)$/i;
const supportFolder =
  /^(helpers?|support|stubs?|fakes?|samples?|expected|expectations?|golden|data|cases|harness|factories|matchers|setup)$/i;
const supportName =
  /(^|[-_.])(helpers?|fixtures?|stubs?|fakes?|mocks?|harness|expected|expectations?|golden|matchers|setup)([-_.]|$)/i;

/**
 * The files that only protected files import, directly or through one another, that are named like support and lie in no
 * source place.
 */
export function supportFiles(sources: Sources, isProtected: (path: string) => boolean): readonly string[] {
  const importers = importersOf(sources);
  const found = new Set<string>();
  const candidates = [...sources.keys()].filter((file) => !isProtected(file) && isNamedLikeSupport(file, sources));
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const file of candidates) {
      const by = importers.get(file) ?? [];
      if (by.length > 0 && by.every((importer) => isProtected(importer) || found.has(importer))) found.add(file);
    }
  }
  return [...found].toSorted();
}

function importersOf(sources: Sources): ReadonlyMap<string, readonly string[]> {
  const importers = new Map<string, string[]>();
  for (const file of sources.keys()) {
    for (const target of importsOf(file, sources)) importers.set(target, [...(importers.get(target) ?? []), file]);
  }
  return importers;
}

function isNamedLikeSupport(file: string, sources: Sources): boolean {
  const folders = file.split('/').slice(0, -1);
  const isPythonPackage = file.endsWith('.py') && sources.has(posix.join(posix.dirname(file), '__init__.py'));
  if (isPythonPackage || folders.some((folder) => sourcePlace.test(folder))) return false;
  return folders.some((folder) => supportFolder.test(folder)) || supportName.test(posix.basename(file));
}
