/** The file view as a table that `mount --all` reads (fstab(5)). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PRIVATE_HOME, scratchBytes, type FileView, type Mount } from '../file-view.ts';
import type { Order } from '../request.ts';

export const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
export const LINKS_TO_PROC = [
  { name: 'fd', to: '/proc/self/fd' },
  { name: 'stdin', to: '/proc/self/fd/0' },
  { name: 'stdout', to: '/proc/self/fd/1' },
  { name: 'stderr', to: '/proc/self/fd/2' },
];

const SCRATCH = ['/tmp', PRIVATE_HOME, '/dev/shm'];

/** `early` holds the root and the private memory file systems, `late` what may have to be mounted inside them. */
export function mountTable({ root, view, order }: { root: string; view: FileView; order: Order }): {
  early: string;
  late: string;
} {
  const sticky = flagsOfMounts();
  const size = String(scratchBytes(order.limits.memoryBytes));
  const early = [
    tableLine(root, root, 'none', ['bind', 'ro', 'nosuid']),
    tableLine('proc', join(root, 'proc'), 'proc', ['nosuid', 'nodev', 'noexec']),
    ...DEVICES.map((name) => tableLine(`/dev/${name}`, join(root, 'dev', name), 'none', ['bind'])),
    ...SCRATCH.map((place) =>
      tableLine('tmpfs', join(root, place), 'tmpfs', [`size=${size}`, 'mode=1777', 'nosuid', 'nodev']),
    ),
  ];
  const late = view.mounts.map((mount) =>
    tableLine(mount.source, join(root, mount.target), 'none', options(mount, sticky)),
  );
  return { early: early.join(''), late: late.join('') };
}

/** Files whose mount point lies in a memory file system: it can be made only after that one is mounted. */
export function lateFiles(view: FileView): string[] {
  const hidden = view.mounts.filter(
    ({ target, isDirectory }) => !isDirectory && SCRATCH.some((place) => target.startsWith(`${place}/`)),
  );
  return hidden.map(({ target }) => target);
}

/** In a user namespace a mount must keep the flags that its source has: they are locked there. */
function options(mount: Mount, sticky: (path: string) => readonly string[]): string[] {
  return ['rbind', mount.writable ? 'rw' : 'ro', 'nosuid', 'nodev', 'X-mount.mkdir', ...sticky(mount.source)];
}

export function tableLine(source: string, target: string, type: string, mountOptions: readonly string[]): string {
  return `${escape(source)} ${escape(target)} ${type} ${mountOptions.join(',')} 0 0\n`;
}

const escape = (path: string): string =>
  path.replaceAll(/[\s\\#]/g, (found) => `\\${found.charCodeAt(0).toString(8).padStart(3, '0')}`);

function flagsOfMounts(): (path: string) => readonly string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((text) => text.split(' '))
    .map(([, , , , at = '', flags = '']) => ({ at, flags: flags.split(',') }));
  return (path) => {
    const holding = mounts.filter(({ at }) => at === '/' || path === at || path.startsWith(`${at}/`));
    const nearest = holding.sort((left, right) => left.at.length - right.at.length).at(-1);
    return nearest?.flags.includes('noexec') === true ? ['noexec'] : [];
  };
}
