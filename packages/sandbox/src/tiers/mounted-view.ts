/** Script lines that build the file view inside a fresh mount namespace, with as few execs as can be. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileView, PRIVATE_HOME, writeEtcSkeleton, writeRootSkeleton, type FileView } from '../file-view.ts';
import type { Preparation } from './launch.ts';
import { DEVICES, lateFiles, LINKS_TO_PROC, mountTable, tableLine } from './mount-table.ts';
import { quote } from './shell-script.ts';
import { systemProgram } from './system-program.ts';

/** Everything below `root`, and the loopback. */
export function mountView(preparation: Preparation, root: string): string[] {
  const { order, directory, privileges } = preparation;
  const owner = privileges.isRoot ? privileges : { uid: 0, gid: 0 };
  const view = fileView(order, writeEtcSkeleton(join(directory, 'etc'), owner, order.network));
  writeSkeleton(root, view);
  const { early, late } = mountTable({ root, view, order });
  const first = systemTable(preparation) + early;
  const places = lateFiles(view).map((target) => join(root, target));
  const mounts =
    places.length === 0
      ? [mountAll(preparation, 'mounts', first + late)]
      : [mountAll(preparation, 'early', first), ...places.map(makePlace), mountAll(preparation, 'late', late)];
  return [...mounts, ...loopbackUp(preparation)];
}

/** The loopback alone, for a namespace that shows the host's files. */
export function mountSystem(preparation: Preparation): string[] {
  const table = systemTable(preparation);
  return table === '' ? [] : [mountAll(preparation, 'mounts', table), ...loopbackUp(preparation)];
}

function systemTable({ order, directory }: Preparation): string {
  if (order.network === 'on') return '';
  const system = join(directory, 'sys');
  mkdirSync(system);
  return tableLine('sysfs', system, 'sysfs', ['nosuid', 'nodev', 'noexec']);
}

/** A new network namespace has its loopback down, and no shell speaks netlink: the kernel takes the flag through sysfs. */
function loopbackUp({ order, directory }: Preparation): string[] {
  const flags = quote([join(directory, 'sys/class/net/lo/flags')]);
  return order.network === 'on' ? [] : [`echo 0x1 > ${flags} || exit 125`];
}

/** One exec mounts a whole table. */
function mountAll({ directory }: Preparation, name: string, table: string): string {
  const path = join(directory, name);
  writeFileSync(path, table, { mode: 0o600 });
  return `${quote([systemProgram('mount'), '-n', '--all', '--fstab', path])} || exit 125`;
}

function makePlace(path: string): string {
  return `${quote([systemProgram('mkdir'), '-p', join(path, '..')])} && : > ${quote([path])} || exit 125`;
}

function writeSkeleton(root: string, view: FileView): void {
  const devices = DEVICES.map((name) => ({
    source: `/dev/${name}`,
    target: `/dev/${name}`,
    writable: true,
    isDirectory: false,
  }));
  const links = LINKS_TO_PROC.map(({ name, to }) => ({ at: `/dev/${name}`, to }));
  const withDevices = { mounts: [...devices, ...view.mounts], links: [...view.links, ...links] };
  writeRootSkeleton(root, withDevices, ['proc', 'tmp', PRIVATE_HOME, 'dev/shm']);
}
