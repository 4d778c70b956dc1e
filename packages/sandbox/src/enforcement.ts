/** Says which mechanisms hold, for a machine (capabilities) and for one command (enforcement). Pure. */
import type { GroupSearch } from './control-group-parents.ts';
import type { Enforcement, Mechanism, SandboxCapabilities } from './port.ts';
import type { Order } from './request.ts';
import type { Privileges } from './privileges.ts';
import type { Tier, TierName } from './tiers/launch.ts';

export interface Machine {
  readonly tier: Tier;
  readonly privileges: Privileges;
  readonly groups: GroupSearch;
  /** Stronger tiers that were tried and did not work, with what they said. */
  readonly failures: readonly { readonly tier: TierName; readonly variant: string; readonly reason: string }[];
}

type Finding = SandboxCapabilities['mechanisms'][Mechanism];

const holds = (how: string): Finding => ({ available: true, how, reason: 'works here' });
const lacks = (reason: string): Finding => ({ available: false, how: 'none', reason });

function findings(machine: Machine): Readonly<Record<Mechanism, Finding>> {
  const { traits } = machine.tier;
  return {
    filesystem: traits.fileView
      ? holds('allow-list of paths in a mount namespace')
      : lacks('the command sees the files of its user'),
    network: networkFinding(machine),
    processTree: traits.processNamespace
      ? holds('process namespace that dies with its first process')
      : lacks('process group and a sweep of /proc: a process that hides its traces can outlive the command'),
    memory:
      machine.groups.parents === undefined
        ? holds('supervised: resident memory summed from /proc')
        : holds(groupName(machine.groups.parents.version)),
    processes: processesFinding(machine),
    privileges: privilegesFinding(machine),
    systemCalls: traits.systemCalls ? holds('seccomp filter') : lacks('only bubblewrap loads the seccomp filter'),
  };
}

export function capabilitiesOf(machine: Machine): SandboxCapabilities {
  return {
    tier: machine.tier.name,
    variant: machine.tier.variant,
    mechanisms: findings(machine),
    controlGroups: controlGroups(machine),
    passedOver: passedOver(machine),
    advice: advice(machine),
  };
}

/** For a machine on which no tier works. */
export function noCapabilities(reason: string): SandboxCapabilities {
  const mechanisms = {
    filesystem: lacks(reason),
    network: lacks(reason),
    processTree: lacks(reason),
    memory: lacks(reason),
    processes: lacks(reason),
    privileges: lacks(reason),
    systemCalls: lacks(reason),
  };
  return {
    tier: 'none',
    variant: 'none',
    mechanisms,
    controlGroups: { detected: false, reason },
    passedOver: [],
    advice: [RUN_ON_LINUX],
  };
}

export function enforcementOf(machine: Machine, order: Order): Enforcement {
  const found = findings(machine);
  return everyMechanism(order, (mechanism) => ({
    applied: found[mechanism].available,
    reason: describe(found[mechanism]),
  }));
}

/** For a command that no tier could be found for. */
export function nothingEnforced(order: Order, reason: string): Enforcement {
  return everyMechanism(order, () => ({ applied: false, reason }));
}

function everyMechanism(
  order: Order,
  judge: (mechanism: Mechanism) => { applied: boolean; reason: string },
): Enforcement {
  const entry = (mechanism: Mechanism, requested = true): Enforcement[Mechanism] =>
    requested ? { requested, ...judge(mechanism) } : { requested, applied: false, reason: 'not requested' };
  return {
    filesystem: entry('filesystem'),
    network: entry('network', order.network === 'off'),
    processTree: entry('processTree'),
    memory: entry('memory', order.limits.memoryBytes !== undefined),
    processes: entry('processes'),
    privileges: entry('privileges'),
    systemCalls: entry('systemCalls'),
  };
}

/** Names of the mechanisms that were asked for and are not there. */
export function missingMechanisms(enforcement: Enforcement): Mechanism[] {
  return (Object.keys(enforcement) as Mechanism[]).filter(
    (name) => enforcement[name].requested && !enforcement[name].applied,
  );
}

/** One line for a person when isolation is weaker than it could be; undefined when nothing is missing. */
export function degradationLine(subject: Enforcement | SandboxCapabilities): string | undefined {
  const isCapabilities = (value: Enforcement | SandboxCapabilities): value is SandboxCapabilities =>
    'mechanisms' in value;
  const missing = isCapabilities(subject)
    ? (Object.keys(subject.mechanisms) as Mechanism[]).filter((name) => !subject.mechanisms[name].available)
    : missingMechanisms(subject);
  if (missing.length === 0) return undefined;
  const label = missing.includes('filesystem') && missing.includes('processTree') ? 'unisolated' : 'degraded isolation';
  return `sandbox: ${label}: no ${missing.join(', ')} (vltair doctor says what to install)`;
}

const describe = (finding: Finding): string => (finding.available ? finding.how : finding.reason);

const groupName = (version: 1 | 2): string => `control group v${String(version)}`;

function controlGroups({ groups }: Machine): SandboxCapabilities['controlGroups'] {
  if (groups.parents === undefined) return { detected: false, reason: groups.reason };
  return { detected: true, version: groups.parents.version, reason: 'a group could be made and removed' };
}

function networkFinding(machine: Machine): Finding {
  const { network } = machine.tier.traits;
  if (network === 'namespace') return holds('network namespace with a private loopback');
  if (network === 'seccomp') return holds('seccomp filter on internet sockets');
  return lacks('no network namespace');
}

function processesFinding({ tier, groups }: Machine): Finding {
  if (groups.parents !== undefined) return holds(groupName(groups.parents.version));
  return holds(
    tier.traits.countsProcesses ? 'RLIMIT_NPROC of the user namespace' : 'supervised: processes counted from /proc',
  );
}

function privilegesFinding({ privileges: { isRoot, uid } }: Machine): Finding {
  if (isRoot && uid === 0)
    return lacks('the unprivileged user cannot reach the work directory: the command runs as root');
  return holds(isRoot ? `dropped to user ${String(uid)}` : 'ordinary user without new privileges');
}

/** One entry a tier: its variants fail for the same cause. */
function passedOver({ failures }: Machine): SandboxCapabilities['passedOver'] {
  return failures.filter(({ tier }, index) => failures.findIndex((other) => other.tier === tier) === index);
}

function advice({ tier, failures, groups }: Machine): string[] {
  const isMissing = (name: TierName): boolean =>
    failures.some((failure) => failure.tier === name && failure.reason === NOT_INSTALLED);
  const isRefused = failures.some(({ reason }) => reason !== NOT_INSTALLED);
  return [
    ...(isMissing('bubblewrap') ? ['install bubblewrap (apt install bubblewrap, dnf install bubblewrap)'] : []),
    ...(isMissing('namespaces') ? ['install util-linux (setpriv, unshare, mount)'] : []),
    ...(isRefused && tier.name !== 'bubblewrap' ? [ALLOW_NAMESPACES] : []),
    ...(groups.parents === undefined && tier.traits.controlGroups ? [DELEGATE_GROUPS] : []),
  ];
}

export const NOT_INSTALLED = 'not installed';
const RUN_ON_LINUX = 'run on Linux with a writable directory for temporary files';
const ALLOW_NAMESPACES =
  'allow unprivileged user namespaces (sysctl -w kernel.unprivileged_userns_clone=1 or kernel.apparmor_restrict_unprivileged_userns=0, where they exist)';
const DELEGATE_GROUPS =
  'start vltair where control groups are delegated (systemd-run --user --scope -p Delegate=yes vltair ...)';
