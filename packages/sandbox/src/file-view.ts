/**
 * What a command may see of the host: an allow-list, never the root directory.
 *
 * V1 /run, /tmp, home directories and the host's /etc are absent: no secrets, and no unix socket to talk to.
 * V2 every path appears where it is on the host, so messages and links keep their meaning.
 * V3 parents are mounted before what lies in them, so a read-only folder inside the work directory stays read-only.
 */
import { lstatSync, mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Order } from './request.ts';

export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly writable: boolean;
  readonly isDirectory: boolean;
}

export interface FileView {
  readonly mounts: readonly Mount[];
  /** Links at the top of the tree, such as /bin -> usr/bin. */
  readonly links: readonly { readonly at: string; readonly to: string }[];
}

/** Bound of each private memory file system (/tmp, /home, /dev/shm); a smaller memory limit lowers it. */
const SCRATCH_BYTES = 256 * 1024 ** 2;

/** Home directory inside: empty, private, gone afterwards. */
export const PRIVATE_HOME = '/home';

const TOP_LEVEL = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];
/** Shared parts of /etc: without them the loader, links to alternatives, time zones and certificates break. */
const SHARED_CONFIGURATION = [
  '/etc/ld.so.cache',
  '/etc/alternatives',
  '/etc/ssl/certs',
  '/etc/ssl/openssl.cnf',
  '/etc/localtime',
];

/** `etcSkeleton` is a directory made by {@link writeEtcSkeleton}; it becomes /etc. */
export function fileView(order: Order, etcSkeleton: string): FileView {
  const top = TOP_LEVEL.map((path) => ({ path, facts: lstatSync(path, { throwIfNoEntry: false }) }));
  const shared = [
    '/usr',
    ...top.filter(({ facts }) => facts?.isDirectory()).map(({ path }) => path),
    ...sharedConfiguration(),
    ...order.readOnlyPaths,
  ];
  const mounts = [
    { source: etcSkeleton, target: '/etc', writable: false, isDirectory: true },
    ...shared.flatMap((path) => readOnlyMount(path)),
    { source: order.workDirectory, target: order.workDirectory, writable: true, isDirectory: true },
  ];
  return {
    mounts: mounts.sort((left, right) => depth(left.target) - depth(right.target)),
    links: top.filter(({ facts }) => facts?.isSymbolicLink()).map(({ path }) => ({ at: path, to: readlinkSync(path) })),
  };
}

/** Writes the private part of /etc, with an empty place for everything that is mounted over it. */
export function writeEtcSkeleton(directory: string, user: { uid: number; gid: number }, network: 'off' | 'on'): string {
  mkdirSync(directory, { mode: 0o755 });
  const files = {
    passwd: `root:x:0:0::/home:/bin/sh\nsandbox:x:${String(user.uid)}:${String(user.gid)}::${PRIVATE_HOME}:/bin/sh\n`,
    group: `root:x:0:\nsandbox:x:${String(user.gid)}:\n`,
    hosts: '127.0.0.1 localhost\n::1 localhost\n',
    'nsswitch.conf': `passwd: files\ngroup: files\nhosts: files${network === 'on' ? ' dns' : ''}\n`,
    ...(network === 'on' ? { 'resolv.conf': textOrNothing('/etc/resolv.conf') } : {}),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text, { mode: 0o644 });
  for (const path of sharedConfiguration()) makePlace(join(directory, path.slice('/etc'.length)), isDirectory(path));
  return directory;
}

/** Makes an empty root with a place for every mount and the links at the top. */
export function writeRootSkeleton(root: string, view: FileView, extraDirectories: readonly string[]): void {
  mkdirSync(root, { mode: 0o755 });
  for (const directory of extraDirectories) mkdirSync(join(root, directory), { recursive: true });
  for (const { target, isDirectory: directory } of view.mounts) makePlace(join(root, target), directory);
  for (const { at, to } of view.links) symlinkSync(to, join(root, at));
}

export function scratchBytes(memoryBytes: number | undefined): number {
  return Math.min(SCRATCH_BYTES, memoryBytes ?? SCRATCH_BYTES);
}

/** Makes a mount point. A parent that is already mounted or does not exist yet is made on the way. */
function makePlace(path: string, directory: boolean): void {
  mkdirSync(directory ? path : join(path, '..'), { recursive: true, mode: 0o755 });
  if (!directory) writeFileSync(path, '', { flag: 'a' });
}

function sharedConfiguration(): string[] {
  return SHARED_CONFIGURATION.filter((path) => statSync(path, { throwIfNoEntry: false }) !== undefined);
}

function readOnlyMount(path: string): Mount[] {
  const facts = statSync(path, { throwIfNoEntry: false });
  return facts === undefined ? [] : [{ source: path, target: path, writable: false, isDirectory: facts.isDirectory() }];
}

const isDirectory = (path: string): boolean => statSync(path).isDirectory();

const depth = (path: string): number => path.split('/').length;

function textOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // no resolver configured: names do not resolve, as on the host
  }
}
