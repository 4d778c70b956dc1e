/**
 * Isolation without bubblewrap: util-linux makes the namespaces and mounts the file view from a table.
 *
 * N1 `setpriv --pdeathsig` ties the chain to us and `unshare --kill-child` ties the namespace to the chain.
 * N2 the shell that is the first process stays: it collects orphans, and its end is the end of the namespace.
 * N3 one `mount --all` with a private table builds the whole view; the command is put into it with no capability left.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileView, PRIVATE_HOME, writeEtcSkeleton, writeRootSkeleton, type FileView } from '../file-view.ts';
import { commandEnvironment, environmentArguments } from './command-environment.ts';
import {
  credentials,
  namespacesCountProcesses,
  readyReport,
  type Launch,
  type Preparation,
  type Tier,
} from './launch.ts';
import { DEVICES, lateFiles, LINKS_TO_PROC, mountTable } from './mount-table.ts';
import { privateScratch } from './private-scratch.ts';
import {
  joinGroup,
  processCeiling,
  processLimit,
  quote,
  resourceLimits,
  SHELL,
  systemProgram,
  writeScript,
} from './shell-script.ts';

/** `hasFileView` is false where the kernel refuses the mounts, such as a container that hides parts of /proc. */
export function namespacesTier({ hasFileView }: { hasFileView: boolean }): Tier {
  return {
    name: 'namespaces',
    variant: hasFileView ? 'full' : 'without file view',
    program: 'unshare',
    traits: {
      fileView: hasFileView,
      processNamespace: true,
      network: 'namespace',
      systemCalls: false,
      countsProcesses: countsProcesses(),
      controlGroups: true,
    },
    prepare: (preparation) => prepare(preparation, hasFileView),
  };
}

/** The root of a user namespace would get its capabilities back at the next exec. */
const NO_CAPABILITY = ['--bounding-set', '-all'];

/** Root makes no user namespace here, so its limit would count every process of the dropped user. */
const countsProcesses = (): boolean => process.getuid?.() !== 0 && namespacesCountProcesses();

function prepare(preparation: Preparation, hasFileView: boolean): Launch {
  const lines = hasFileView ? viewLines(preparation) : plainLines(preparation);
  const inside = writeScript(
    preparation,
    'inside.sh',
    [
      ...(countsProcesses() ? processLimit(preparation) : processCeiling(preparation)),
      ...loopback(preparation),
      ...lines,
    ],
    'us',
  );
  const chain = [systemProgram('setpriv'), '--pdeathsig', 'KILL', ...unshare(preparation), SHELL, inside];
  const script = [...joinGroup(preparation), ...resourceLimits(preparation), `exec ${quote(chain)}`].join('\n');
  return { file: SHELL, args: ['-c', script], inputs: [], report: readyReport };
}

/**
 * An ordinary user first becomes root of a user namespace. The network namespace must come after that one is mapped:
 * the files that switch the loopback on belong to the user that was mapped when it was made.
 */
function unshare({ order, privileges }: Preparation): string[] {
  const program = systemProgram('unshare');
  const user = privileges.isRoot ? [] : [program, '--user', '--map-root-user'];
  const network = order.network === 'off' ? ['--net'] : [];
  return [...user, program, '--mount', '--pid', '--ipc', '--uts', ...network, '--fork', '--kill-child'];
}

/** A new network namespace has its loopback down, and no shell speaks netlink: the kernel takes the flag through sysfs. */
function loopback({ order, directory }: Preparation): string[] {
  if (order.network === 'on') return [];
  const system = join(directory, 'sys');
  mkdirSync(system);
  const flags = quote([join(system, 'class/net/lo/flags')]);
  return [
    `${quote([systemProgram('mount'), '-n', '-t', 'sysfs', 'sysfs', system])} && echo 0x1 > ${flags} || exit 125`,
  ];
}

function viewLines(preparation: Preparation): string[] {
  const { order, directory, privileges } = preparation;
  const root = join(directory, 'root');
  const owner = privileges.isRoot ? privileges : { uid: 0, gid: 0 };
  const view = fileView(order, writeEtcSkeleton(join(directory, 'etc'), owner, order.network));
  writeSkeleton(root, view);
  const { early, late } = mountTable({ root, view, order });
  const mountAll = (name: string, table: string): string => {
    const path = join(directory, name);
    writeFileSync(path, table, { mode: 0o600 });
    return `${quote([systemProgram('mount'), '-n', '--all', '--fstab', path])} || exit 125`;
  };
  const places = lateFiles(view).map((target) => join(root, target));
  const environment = commandEnvironment(order, { home: PRIVATE_HOME, temporary: '/tmp' });
  const enter = [systemProgram('chroot'), root, ...credentials(privileges), ...NO_CAPABILITY];
  return [
    mountAll('mounts-early', early),
    ...places.map(
      (place) => `${quote([systemProgram('mkdir'), '-p', join(place, '..')])} && : > ${quote([place])} || exit 125`,
    ),
    mountAll('mounts-late', late),
    ...asChild([
      ...enter,
      systemProgram('env'),
      '-i',
      '-C',
      order.directory,
      ...environmentArguments(environment),
      ...order.argv,
    ]),
  ];
}

function plainLines(preparation: Preparation): string[] {
  const { order, privileges } = preparation;
  const environment = commandEnvironment(order, privateScratch(preparation));
  return [
    `cd ${quote([order.directory])} || exit 125`,
    ...asChild([
      ...credentials(privileges),
      ...NO_CAPABILITY,
      systemProgram('env'),
      '-i',
      ...environmentArguments(environment),
      ...order.argv,
    ]),
  ];
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

/** Runs the command below the shell, whose own standard error is closed by then: it would add `Killed` to the command's. */
function asChild(command: readonly string[]): string[] {
  return ['echo ready >&3', 'exec 4>&2 2>/dev/null', `(exec ${quote(command)} 2>&4 3>&- 4>&-)`, 'exit $?'];
}
