// The lockfile is complete before anything is installed from it: `node tools/check-lockfile.ts [ROOT]`.
//   1. it was written from today's manifests: every workspace and each of its dependency lists stands in it unchanged;
//   2. every dependency that a manifest pins resolves to exactly that version;
//   3. every package from a registry carries a SHA-512 hash, and none says where it was downloaded;
//   4. every platform's optional package that a locked package names is locked too (`npm ci` refuses otherwise).
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Problem, describeProblem } from './source.ts';

const RULE = 'lockfile';
const LOCKFILE = 'package-lock.json';
const LISTS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;

type Ranges = Readonly<Record<string, string>>;

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly workspaces?: readonly string[];
  readonly dependencies?: Ranges;
  readonly devDependencies?: Ranges;
  readonly optionalDependencies?: Ranges;
  readonly peerDependencies?: Ranges;
}

interface Locked extends Manifest {
  readonly resolved?: string;
  readonly link?: boolean;
  readonly integrity?: string;
}

type Entries = Readonly<Record<string, Locked>>;

export function checkLockfile(root: string): Problem[] {
  if (!existsSync(join(root, LOCKFILE))) return [problem('is missing')];
  const entries = (readJson(join(root, LOCKFILE)) as { packages?: Entries }).packages;
  if (entries === undefined) return [problem('holds no packages; lockfileVersion 3 is needed')];
  const top = readManifest(root, '');
  const places = ['', ...(top.workspaces ?? [])];
  return [
    ...places.flatMap((place) => differences(place, readManifest(root, place), entries)),
    ...Object.entries(entries).flatMap(([place, entry]) => incompleteness(place, entry, entries)),
  ];
}

function differences(place: string, manifest: Manifest, entries: Entries): Problem[] {
  const entry = entries[place];
  const title = place === '' ? 'package.json' : `${place}/package.json`;
  if (entry === undefined) return [problem(`knows nothing of ${title}`)];
  const lists = LISTS.filter((list) => !isDeepStrictEqual(sorted(manifest[list]), sorted(entry[list])));
  return [
    ...lists.map((list) => problem(`does not agree with the ${list} of ${title}`)),
    ...LISTS.flatMap((list) => Object.entries(manifest[list] ?? {})).flatMap(([name, range]) =>
      mismatch(title, name, range, locate(place, name, entries)),
    ),
  ];
}

function mismatch(title: string, name: string, range: string, entry: Locked | undefined): Problem[] {
  if (entry === undefined) return [problem(`lacks ${name}, a dependency of ${title}`)];
  const wanted = range.replace(/^npm:(@?[^@]+)@/u, '');
  if (entry.link === true || entry.version === wanted) return [];
  return [problem(`holds ${name} ${String(entry.version)} where ${title} pins ${range}`)];
}

function incompleteness(place: string, entry: Locked, entries: Entries): Problem[] {
  if (entry.resolved !== undefined && entry.link !== true) return [problem(`says where ${place} was downloaded`)];
  if (!place.includes('node_modules/') || entry.link === true) return [];
  const unhashed = entry.integrity?.startsWith('sha512-') === true ? [] : [problem(`has no SHA-512 hash for ${place}`)];
  const missing = Object.keys(entry.optionalDependencies ?? {}).filter(
    (name) => locate(place, name, entries) === undefined,
  );
  return [...unhashed, ...missing.map((name) => problem(`lacks ${name}, an optional package of ${place}`))];
}

/** The entry that Node's resolution finds for `name` from `place`: the nearest node_modules upwards. */
function locate(place: string, name: string, entries: Entries): Locked | undefined {
  const here = place === '' ? `node_modules/${name}` : `${place}/node_modules/${name}`;
  const entry = entries[here];
  if (entry !== undefined || place === '') return entry;
  return locate(place.replace(/(^|\/)(node_modules\/(@[^/]+\/)?[^/]+|[^/]+)$/u, ''), name, entries);
}

function sorted(ranges: Ranges | undefined): readonly (readonly [string, string])[] {
  return Object.entries(ranges ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function readManifest(root: string, place: string): Manifest {
  return readJson(join(root, place, 'package.json')) as Manifest;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function problem(message: string): Problem {
  return { rule: RULE, path: LOCKFILE, line: 0, message };
}

if (import.meta.main) {
  const problems = checkLockfile(resolve(process.argv[2] ?? '.'));
  for (const found of problems) console.error(describeProblem(found));
  process.exitCode = problems.length === 0 ? 0 : 1;
}
