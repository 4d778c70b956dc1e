import type { Random } from '../../bench/planting/seeded-random.ts';
import type { Crew } from './crew.ts';
import type { Disk } from './disk.ts';
import type { PostgresCluster } from './postgres-cluster.ts';
import type { StoreKind } from './settings.ts';
import type { Shim } from './shim.ts';
import type { TcpProxy } from './tcp-proxy.ts';

/** What faults can reach. */
export interface Arena {
  readonly crew: Crew;
  readonly disk: Disk;
  /** Below the processes that write the store's files. */
  readonly diskShim: Shim | undefined;
  /** Below the workers. */
  readonly clockShim: Shim | undefined;
  readonly cluster: PostgresCluster | undefined;
  /** Between the workers and the cluster. */
  readonly proxy: TcpProxy | undefined;
}

/** Faults of one group never overlap. */
export type FaultGroup = 'process' | 'client' | 'disk' | 'clock' | 'network';

export interface Fault {
  readonly name: string;
  readonly stores: readonly StoreKind[];
  readonly group: FaultGroup;
  /** How often it is chosen, against the others. */
  readonly weight: number;
  /** From the injection to the healing: at least, and at most. */
  readonly lastsMs: readonly [number, number];
  isPossible(arena: Arena): boolean;
  /** Says what was done, in a few words. `undefined`: there was nothing to do it to. */
  inject(arena: Arena, random: Random): Promise<string | undefined> | string | undefined;
  /** Ends the fault. Healing what is whole does nothing. */
  heal(arena: Arena): Promise<void> | void;
}
