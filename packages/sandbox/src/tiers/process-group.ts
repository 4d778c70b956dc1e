/**
 * The last tier: an own session, resource limits, and a sweep afterwards. It does not isolate: the command sees the files
 * of its user and the network. It exists so that the product runs at all where nothing else works, and says so.
 */
import { credentials, readyReport, type Launch, type Preparation, type Tier } from './launch.ts';
import { MARKER } from '../process-tree.ts';
import { commandEnvironment, environmentArguments } from './command-environment.ts';
import { privateScratch } from './private-scratch.ts';
import { joinGroup, processCeiling, quote, resourceLimits, SHELL, writeScript } from './shell-script.ts';
import { systemProgram } from './system-program.ts';

/** Without util-linux the user is dropped at the start of the shell, which then may not join a control group. */
export function processGroupTier({ hasSetpriv }: { hasSetpriv: boolean }): Tier {
  return {
    name: 'process-group',
    variant: hasSetpriv ? 'full' : 'without util-linux',
    program: hasSetpriv ? 'setpriv' : 'env',
    traits: {
      fileView: false,
      processNamespace: false,
      network: 'none',
      systemCalls: false,
      countsProcesses: false,
      controlGroups: hasSetpriv,
    },
    prepare: (preparation) => prepare(preparation, hasSetpriv),
  };
}

function prepare(preparation: Preparation, hasSetpriv: boolean): Launch {
  const { order, privileges, marker } = preparation;
  const environment = { ...commandEnvironment(order, privateScratch(preparation)), [MARKER]: marker };
  const drop = hasSetpriv ? [...credentials(privileges), '--pdeathsig', 'KILL'] : [];
  const command = [...drop, systemProgram('env'), '-i', ...environmentArguments(environment), ...order.argv];
  const script = [
    ...joinGroup(preparation),
    ...resourceLimits(preparation),
    ...processCeiling(preparation),
    `cd ${quote([order.directory])} || exit 125`,
    'echo ready >&3',
    `exec ${quote(command)} 3>&-`,
  ];
  const path = writeScript(preparation, 'run.sh', script, hasSetpriv ? 'us' : 'command');
  const user = privileges.isRoot && !hasSetpriv ? { uid: privileges.uid, gid: privileges.gid } : undefined;
  return {
    file: SHELL,
    args: [path],
    inputs: [],
    report: readyReport,
    ...(user === undefined ? {} : { user }),
  };
}
