import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Disk } from './disk.ts';
import type { Place } from './settings.ts';
import { Shim } from './shim.ts';
import { Witness } from './witness.ts';

/** The directories and devices that a campaign makes for itself. */
export interface Stage {
  readonly root: string;
  /** Journals and words of the processes, and the list of faults. */
  readonly evidence: string;
  readonly disk: Disk;
  readonly shim: Shim | undefined;
  readonly witness: Witness;
  readonly witnessPath: string;
  readonly place: Place;
  readonly registerPlace: Place;
}

/** `diskSize` in MiB. */
export function setStage(diskSize: number): Stage {
  const root = mkdtempSync(join(tmpdir(), 'vltair-chaos-'));
  chmodSync(root, 0o755);
  const evidence = join(root, 'evidence');
  mkdirSync(evidence);
  const witnessPath = join(root, 'witness.sock');
  const disk = new Disk(join(root, 'disk'), diskSize);
  return {
    root,
    evidence,
    disk,
    shim: Shim.make(root),
    witness: new Witness(witnessPath),
    witnessPath,
    place: { kind: 'sqlite', directory: join(disk.path, 'runs') },
    registerPlace: { kind: 'sqlite', directory: join(disk.path, 'registers') },
  };
}

/** The evidence stays where somebody has to look at it. */
export function clearStage({ root, disk, shim, witness }: Stage, isKept: boolean): void {
  witness.close();
  shim?.close();
  if (isKept) return;
  disk.remove();
  rmSync(root, { recursive: true, force: true });
}
