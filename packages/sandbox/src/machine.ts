/** Finds the strongest tier by running `true` in each, strongest first, until one works. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findGroupParents, type GroupSearch } from './control-group-parents.ts';
import { removeAbandonedGroups } from './control-group.ts';
import { NOT_INSTALLED, type Machine } from './enforcement.ts';
import { killAbandonedProcesses } from './process-tree.ts';
import { createPrivateDirectory, removeAbandonedDirectories } from './private-directory.ts';
import { runOrder } from './run-order.ts';
import type { Order } from './request.ts';
import { bubblewrapTier } from './tiers/bubblewrap.ts';
import { currentPrivileges } from './privileges.ts';
import type { Tier, TierName } from './tiers/launch.ts';
import { namespacesTier } from './tiers/namespaces.ts';
import { processGroupTier } from './tiers/process-group.ts';
import { hasSystemProgram, systemProgram } from './tiers/system-program.ts';

export interface MachineOptions {
  readonly tempRoot: string;
  /** Where processes that were killed may have left directories. */
  readonly remainsIn: readonly string[];
  readonly only: TierName | undefined;
  readonly groupVersions: readonly (1 | 2)[];
}

const PROBE_WALL_TIME_MS = 5000;

/** Strongest first. */
function tiers(): Tier[] {
  return [
    ...[true, false].flatMap((networkNamespace) =>
      [true, false].map((isRecent) => bubblewrapTier({ isRecent, networkNamespace })),
    ),
    ...[true, false].map((hasFileView) => namespacesTier({ hasFileView })),
    ...[true, false].map((hasSetpriv) => processGroupTier({ hasSetpriv })),
  ];
}

const found = new Map<string, Promise<Machine>>();

/** Looks once per process and choice; a failure is not remembered, its cause may pass. */
export function findMachine(options: MachineOptions): Promise<Machine> {
  const key = JSON.stringify(options);
  const known = found.get(key);
  if (known !== undefined) return known;
  const search = searchMachine(options);
  found.set(key, search);
  void search.catch(() => found.delete(key)); // whoever asked gets the rejection itself
  return search;
}

async function searchMachine({ tempRoot, remainsIn, only, groupVersions }: MachineOptions): Promise<Machine> {
  if (process.platform !== 'linux') throw new Error(`no sandbox tier for ${process.platform}`);
  const groups = findGroupParents(groupVersions);
  await removeRemains(remainsIn, groups);
  const failures: { tier: TierName; variant: string; reason: string }[] = [];
  for (const tier of tiers()) {
    if (only !== undefined && tier.name !== only) continue;
    const machine: Machine = { tier, privileges: currentPrivileges(), groups: usableGroups(tier, groups), failures };
    const fault = hasSystemProgram(tier.program) ? await probe(machine, tempRoot) : NOT_INSTALLED;
    if (fault === undefined) return machine;
    failures.push({ tier: tier.name, variant: tier.variant, reason: fault });
  }
  throw new Error(
    `no sandbox tier works here: ${failures.map(({ tier, variant, reason }) => `${tier} (${variant}): ${reason}`).join('; ')}`,
  );
}

/** What earlier processes of ours left behind when they were killed. */
async function removeRemains(tempRoots: readonly string[], groups: GroupSearch): Promise<void> {
  killAbandonedProcesses();
  if (groups.parents !== undefined) await removeAbandonedGroups(groups.parents);
  await removeAbandonedDirectories(tempRoots);
}

function usableGroups(tier: Tier, groups: GroupSearch): GroupSearch {
  return tier.traits.controlGroups
    ? groups
    : { parents: undefined, reason: 'this tier drops its rights before it could join a control group' };
}

/** Runs `true` the way every later command runs; answers with what went wrong. */
async function probe(machine: Machine, tempRoot: string): Promise<string | undefined> {
  await using directory = createPrivateDirectory(tempRoot, 'probe');
  const workDirectory = join(directory.path, 'work');
  await mkdir(workDirectory);
  const order: Order = {
    argv: [systemProgram('true')],
    workDirectory,
    directory: workDirectory,
    readOnlyPaths: [],
    environment: {},
    limits: {
      wallTimeMs: PROBE_WALL_TIME_MS,
      memoryBytes: undefined,
      processes: 64,
      cpuSeconds: undefined,
      fileBytes: 1024 ** 2,
      outputBytes: 4096,
    },
    network: 'off',
    mode: 'best-effort',
    traceId: 'probe',
    signal: undefined,
    converse: undefined,
  };
  const { verdict } = await runOrder(order, { machine, tempRoot, killOnSocket: false, clock: () => performance.now() });
  return verdict.status === 'OK' && verdict.exitCode === 0 ? undefined : verdict.reason;
}
