/** What a tier hands to the executor: how to start one command inside its walls. */
import { release } from 'node:os';
import type { ControlGroup } from '../control-group.ts';
import type { Order } from '../request.ts';
import type { Privileges } from '../privileges.ts';
import { systemProgram } from './system-program.ts';

export type TierName = 'bubblewrap' | 'namespaces' | 'process-group';

/** Everything a tier may use to prepare one command. */
export interface Preparation {
  readonly order: Order;
  /** The command's private directory on the host. */
  readonly directory: string;
  readonly group: ControlGroup | undefined;
  readonly privileges: Privileges;
  readonly killOnSocket: boolean;
  /** Value of the variable by which processes of this command are recognised in /proc. */
  readonly marker: string;
}

/** Descriptor 3 of every launch is a pipe to us on which the tier reports; `inputs` follow from descriptor 4. */
export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  /** Open descriptors, closed by the executor after the start. */
  readonly inputs: readonly number[];
  /** The user that the first program starts as; absent where the chain drops the user itself. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Reads the report: did the command itself start, and which process is the first one of its namespace? */
  readonly report: (text: string) => LaunchReport;
}

export interface LaunchReport {
  readonly started: boolean;
  /** Host number of the first process of the process namespace, whose death ends everything in it. */
  readonly firstProcess: number | undefined;
}

/** A way of containing a command. Variants of one tier differ in what the kernel allows here. */
export interface Tier {
  readonly name: TierName;
  readonly variant: string;
  /** System program without which trying is useless. */
  readonly program: string;
  readonly traits: TierTraits;
  prepare(preparation: Preparation): Launch;
}

interface TierTraits {
  readonly fileView: boolean;
  readonly processNamespace: boolean;
  readonly network: 'namespace' | 'seccomp' | 'none';
  readonly systemCalls: boolean;
  /** Whether RLIMIT_NPROC counts this sandbox alone, so that it can bound it without a control group. */
  readonly countsProcesses: boolean;
  /** Whether the chain can join a control group before it drops its rights. */
  readonly controlGroups: boolean;
}

/** Gives up what we may do: the user when we are root, and every capability and way to gain one. */
export function credentials({ isRoot, uid, gid }: Privileges): string[] {
  const user = isRoot ? ['--reuid', String(uid), '--regid', String(gid), '--clear-groups'] : [];
  return [systemProgram('setpriv'), ...user, '--no-new-privs', '--inh-caps', '-all'];
}

/** Report of the tiers that are shell scripts: one word, right before the command. */
export function readyReport(text: string): LaunchReport {
  return { started: text.startsWith('ready'), firstProcess: undefined };
}

/** Since Linux 5.14 RLIMIT_NPROC counts the processes of a user within each user namespace; before, all of the user's. */
export function namespacesCountProcesses(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return major > 5 || (major === 5 && minor >= 14);
}
