import type { Fault } from '../fault.ts';
import { blackHole } from './black-hole.ts';
import { clockJump } from './clock-jump.ts';
import { cutNetwork } from './cut-network.ts';
import { failingSync } from './failing-sync.ts';
import { fullDisk } from './full-disk.ts';
import { killAllWorkers } from './kill-all-workers.ts';
import { killClient } from './kill-client.ts';
import { killServer } from './kill-server.ts';
import { killWorker } from './kill-worker.ts';
import { readOnlyStore } from './read-only-store.ts';
import { refusedWrites } from './refused-writes.ts';
import { slowNetwork } from './slow-network.ts';
import { slowSync } from './slow-sync.ts';
import { stopClient } from './stop-client.ts';
import { stopWorker } from './stop-worker.ts';

export const allFaults: readonly Fault[] = [
  killWorker,
  killAllWorkers,
  stopWorker,
  killClient,
  stopClient,
  slowSync,
  failingSync,
  refusedWrites,
  fullDisk,
  readOnlyStore,
  clockJump,
  killServer,
  slowNetwork,
  cutNetwork,
  blackHole,
];
