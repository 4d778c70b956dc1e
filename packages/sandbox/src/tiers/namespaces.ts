/**
 * Isolation without bubblewrap: util-linux makes the namespaces and mounts the file view from a table.
 *
 * N1 `setpriv --pdeathsig` ties the chain to us and `unshare --kill-child` ties the namespace to the chain.
 * N2 the shell that is the first process stays: it collects orphans, and its end is the end of the namespace.
 * N3 one `mount --all` with a private table builds the whole view; the command is put into it with no capability left.
 */
import { join } from 'node:path';
import { PRIVATE_HOME } from '../file-view.ts';
import { commandEnvironment, environmentArguments } from './command-environment.ts';
import {
  credentials,
  namespacesCountProcesses,
  readyReport,
  type Launch,
  type Preparation,
  type Tier,
} from './launch.ts';
import { mountSystem, mountView } from './mounted-view.ts';
import { privateScratch } from './private-scratch.ts';
import { joinGroup, processCeiling, processLimit, quote, resourceLimits, SHELL, writeScript } from './shell-script.ts';
import { systemProgram } from './system-program.ts';

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
    [...(countsProcesses() ? processLimit(preparation) : processCeiling(preparation)), ...lines],
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

function viewLines(preparation: Preparation): string[] {
  const { order, directory, privileges } = preparation;
  const environment = commandEnvironment(order, { home: PRIVATE_HOME, temporary: '/tmp' });
  const root = join(directory, 'root');
  return [
    ...mountView(preparation, root),
    ...asChild([
      ...[systemProgram('chroot'), root, ...credentials(privileges), ...NO_CAPABILITY],
      ...[systemProgram('env'), '-i', '-C', order.directory, ...environmentArguments(environment), ...order.argv],
    ]),
  ];
}

function plainLines(preparation: Preparation): string[] {
  const { order, privileges } = preparation;
  const environment = commandEnvironment(order, privateScratch(preparation));
  return [
    ...mountSystem(preparation),
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

/** Runs the command below the shell, whose own standard error is closed by then: it would add `Killed` to the command's. */
function asChild(command: readonly string[]): string[] {
  return ['echo ready >&3 || exit 125', 'exec 4>&2 2>/dev/null', `(exec ${quote(command)} 2>&4 3>&- 4>&-)`, 'exit $?'];
}
