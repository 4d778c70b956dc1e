/**
 * The strongest tier: bubblewrap builds the name spaces, the file view and the filter.
 *
 * B1 as root the chain drops to an unprivileged user before bubblewrap starts; what that user cannot walk to (a project
 *    below a 0700 home) is first bound into the private directory, in a mount namespace that dies with the chain.
 * B2 shell, setpriv and bubblewrap are execs of one process, whose death signal is aimed at us; that we are alive is
 *    checked once more inside, right before the command.
 * B3 options travel through a descriptor and variables in a private script, so that no value lasts in a process listing.
 */
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileView, PRIVATE_HOME, scratchBytes, writeEtcSkeleton, type Mount } from '../file-view.ts';
import { seccompProgram } from '../seccomp.ts';
import { commandEnvironment, environmentArguments } from './command-environment.ts';
import {
  credentials,
  namespacesCountProcesses,
  readyReport,
  type Launch,
  type Preparation,
  type Tier,
} from './launch.ts';
import { isReachable } from './reachable.ts';
import { joinGroup, processCeiling, processLimit, quote, resourceLimits, SHELL, writeScript } from './shell-script.ts';
import { systemProgram } from './system-program.ts';

export interface BubblewrapVariant {
  /** Bubblewrap 0.8 bounds its memory file systems and refuses nested user namespaces; older ones know neither option. */
  readonly isRecent: boolean;
  readonly networkNamespace: boolean;
}

export function bubblewrapTier({ isRecent, networkNamespace }: BubblewrapVariant): Tier {
  const hasFilter = seccompProgram({ killOnSocket: false, denyInternet: false }) !== undefined;
  return {
    name: 'bubblewrap',
    variant: [isRecent ? 'full' : 'without size bounds', ...(networkNamespace ? [] : ['network by seccomp'])].join(
      ', ',
    ),
    program: 'bwrap',
    traits: {
      fileView: true,
      processNamespace: true,
      network: networkNamespace ? 'namespace' : 'seccomp',
      systemCalls: hasFilter,
      countsProcesses: namespacesCountProcesses(),
      controlGroups: true,
    },
    prepare: (preparation) => prepare(preparation, { isRecent, networkNamespace }),
  };
}

function prepare(preparation: Preparation, variant: BubblewrapVariant): Launch {
  const { order, directory, privileges } = preparation;
  const view = fileView(order, writeEtcSkeleton(join(directory, 'etc'), privileges, order.network));
  const staged = privileges.isRoot ? stage(view.mounts, preparation) : { mounts: view.mounts, lines: [] };
  const filter = writeFilter(preparation, variant);
  const options = [
    ...namespaces(preparation, variant),
    ...scratch(preparation, variant),
    ...view.links.flatMap(({ at, to }) => ['--symlink', to, at]),
    ...staged.mounts.flatMap(({ source, target, writable }) => [writable ? '--bind' : '--ro-bind', source, target]),
    ...['--remount-ro', '/', '--chdir', order.directory, '--clearenv'],
    ...(filter === undefined ? [] : ['--seccomp', '6']),
    ...['--json-status-fd', '5'],
  ];
  const script = [
    ...joinGroup(preparation),
    ...resourceLimits(preparation),
    ...staged.lines,
    `exec ${quote([...dropUser(preparation), systemProgram('bwrap'), '--args', '4', '--'])} "$@"`,
  ].join('\n');
  const command = [SHELL, '-c', script, 'sh', ...guest(preparation)];
  const whole =
    staged.lines.length === 0 ? command : [systemProgram('unshare'), '--mount', '--propagation', 'private', ...command];
  const [file = SHELL, ...args] = whole;
  const inputs = [
    writeInput(directory, 'options', options.map((option) => `${option}\0`).join('')),
    openSync(join(directory, STATUS_FILE), 'w', 0o600),
    ...(filter === undefined ? [] : [filter]),
  ];
  return { file, args, inputs, report: (text) => ({ ...readyReport(text), firstProcess: firstProcess(directory) }) };
}

function namespaces({ order }: Preparation, { isRecent, networkNamespace }: BubblewrapVariant): string[] {
  return [
    ...['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
    ...(isRecent ? ['--disable-userns'] : []),
    ...(order.network === 'off' && networkNamespace ? ['--unshare-net'] : []),
    ...['--die-with-parent', '--new-session', '--hostname', 'sandbox'],
  ];
}

function scratch({ order }: Preparation, { isRecent }: BubblewrapVariant): string[] {
  const size = isRecent ? ['--size', String(scratchBytes(order.limits.memoryBytes))] : [];
  const places = ['/dev/shm', '/tmp', PRIVATE_HOME].flatMap((place) => [...size, '--tmpfs', place]);
  return ['--proc', '/proc', '--dev', '/dev', ...places, '--remount-ro', '/dev'];
}

function dropUser({ privileges }: Preparation): string[] {
  return privileges.isRoot ? [...credentials(privileges), '--pdeathsig', 'KILL'] : [];
}

/**
 * Inside, when every death signal is in place, a last look whether we are still alive: a death before that went
 * unnoticed. Nobody reads the report of a dead owner, so writing to it fails. The process limit is set inside too, where
 * it counts this user namespace alone. The script lies in the private /etc, readable by the command's user alone.
 */
function guest(preparation: Preparation): readonly string[] {
  const limits = namespacesCountProcesses() ? processLimit(preparation) : processCeiling(preparation);
  const environment = commandEnvironment(preparation.order, { home: PRIVATE_HOME, temporary: '/tmp' });
  const command = quote([systemProgram('env'), '-i', ...environmentArguments(environment)]);
  const lines = [FIRST_PROCESS_WAITS, 'echo ready >&3 || exit 125', ...limits, `exec ${command} "$@" 3>&-`];
  writeScript({ ...preparation, directory: join(preparation.directory, 'etc') }, START_SCRIPT, lines, 'command');
  return [SHELL, `/etc/${START_SCRIPT}`, ...preparation.order.argv];
}

const START_SCRIPT = 'vltair-start';

function writeFilter(
  { order, directory, killOnSocket }: Preparation,
  { networkNamespace }: BubblewrapVariant,
): number | undefined {
  const program = seccompProgram({ killOnSocket, denyInternet: order.network === 'off' && !networkNamespace });
  return program === undefined ? undefined : writeInput(directory, 'filter', program);
}

function writeInput(directory: string, name: string, content: string | Buffer): number {
  const path = join(directory, name);
  writeFileSync(path, content, { mode: 0o600 });
  return openSync(path, 'r');
}

function stage(
  mounts: readonly Mount[],
  { directory, privileges }: Preparation,
): { mounts: readonly Mount[]; lines: string[] } {
  const lines: string[] = [];
  const staged = mounts.map((mount, index) => {
    if (isReachable(mount.source, privileges)) return mount;
    const place = join(directory, `stage-${String(index)}`);
    if (mount.isDirectory) mkdirSync(place);
    else writeFileSync(place, '');
    lines.push(`${quote([systemProgram('mount'), '--rbind', mount.source, place])} || exit 125`);
    return { ...mount, source: place };
  });
  return { mounts: staged, lines };
}

/** The namespace's first process asks for its death signal before it waits; until then it is seen running. */
const FIRST_PROCESS_WAITS = 'while read -r pid name state rest < /proc/1/stat && [ "$state" = R ]; do :; done';

/**
 * Bubblewrap's own report goes to a file: writing to the pipe of a dead owner would kill it between making its first
 * process and releasing it, and that one would wait for ever.
 */
const STATUS_FILE = 'status';

function firstProcess(directory: string): number | undefined {
  const pid = /"child-pid"\s*:\s*(\d+)/.exec(readFileSync(join(directory, STATUS_FILE), 'utf8'))?.[1];
  return pid === undefined ? undefined : Number(pid);
}
