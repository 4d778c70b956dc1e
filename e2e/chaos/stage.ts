import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Disk } from './disk.ts';
import { PostgresCluster } from './postgres-cluster.ts';
import type { Place, StoreKind } from './settings.ts';
import { Shim } from './shim.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { Witness } from './witness.ts';

/** The directories, devices and servers that a campaign makes for itself. */
export interface Stage {
  readonly root: string;
  /** Journals and words of the processes, and the list of faults. */
  readonly evidence: string;
  readonly disk: Disk;
  /** Below whoever writes the files of the store: workers, or the server. */
  readonly diskShim: Shim | undefined;
  /** Below the workers. */
  readonly clockShim: Shim | undefined;
  readonly witness: Witness;
  readonly witnessPath: string;
  readonly cluster: PostgresCluster | undefined;
  readonly proxy: TcpProxy | undefined;
  readonly places: Places;
  /** The same stores, past the proxy. */
  readonly nearPlaces: Places;
}

/** Of the runs, and of the registers. */
interface Places {
  readonly runs: Place;
  readonly registers: Place;
}

const HOST = '127.0.0.1';
const RUNS = 'runs';
const REGISTERS = 'registers';

/** `diskSize` in MiB. */
export async function setStage(kind: StoreKind, diskSize: number): Promise<Stage> {
  const root = mkdtempSync(join(tmpdir(), 'vltair-chaos-'));
  chmodSync(root, 0o755);
  const evidence = join(root, 'evidence');
  mkdirSync(evidence);
  const witnessPath = join(root, 'witness.sock');
  const disk = new Disk(join(root, 'disk'), diskSize);
  const clockShim = Shim.make(root, 'workers');
  const common = { root, evidence, disk, clockShim, witness: new Witness(witnessPath), witnessPath };
  if (kind === 'postgres') return { ...common, ...(await serverStage(root, disk)) };
  const places = { runs: directoryIn(disk, RUNS), registers: directoryIn(disk, REGISTERS) };
  return { ...common, diskShim: clockShim, cluster: undefined, proxy: undefined, places, nearPlaces: places };
}

type ServerStage = Pick<Stage, 'diskShim' | 'cluster' | 'proxy' | 'places' | 'nearPlaces'>;

async function serverStage(root: string, disk: Disk): Promise<ServerStage> {
  const diskShim = Shim.make(root, 'server');
  const port = await freePort();
  const directory = join(disk.path, 'cluster');
  const cluster = await PostgresCluster.create({
    directory,
    port,
    environment: diskShim?.environment(disk.path) ?? {},
  });
  await cluster.start();
  for (const database of [RUNS, REGISTERS]) await cluster.createDatabase(database);
  const proxy = await TcpProxy.open({ host: HOST, port });
  return {
    diskShim,
    cluster,
    proxy,
    places: placesOf(root, cluster, proxy.port),
    nearPlaces: placesOf(root, cluster, port),
  };
}

/** The keys lie where no fault reaches them. */
function placesOf(root: string, cluster: PostgresCluster, port: number): Places {
  const place = (database: string): Place => ({
    kind: 'postgres',
    url: cluster.url({ port, database }),
    directory: join(root, `${database}-key`),
  });
  return { runs: place(RUNS), registers: place(REGISTERS) };
}

function directoryIn(disk: Disk, name: string): Place {
  return { kind: 'sqlite', directory: join(disk.path, name) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** The evidence stays where somebody has to look at it; no process does. */
export async function clearStage(stage: Stage, isKept: boolean): Promise<void> {
  const { root, disk, diskShim, clockShim, witness, cluster, proxy } = stage;
  witness.close();
  await proxy?.close();
  await cluster?.kill();
  for (const shim of new Set([diskShim, clockShim])) shim?.close();
  if (isKept) return;
  disk.remove();
  rmSync(root, { recursive: true, force: true });
}
