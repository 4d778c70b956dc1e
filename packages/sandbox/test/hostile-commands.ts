/** What a hostile command tries, as data: the attempt, the status that each tier must give, and how success would show. */
import type { SandboxLimits, SandboxResult, SandboxStatus, TierName } from '../src/index.ts';
import { NODE } from './tiers-under-test.ts';

/** Things on the host that an attempt is aimed at. */
export interface Targets {
  readonly secretFile: string;
  readonly tcpPort: number;
  readonly unixSocket: string;
}

/** What the host saw of an attempt. */
export interface Observation {
  readonly result: SandboxResult;
  readonly tcpConnections: number;
  readonly unixConnections: number;
  /** Bytes of the largest file left in the work directory. */
  readonly largestFile: number;
}

export interface HostileCommand {
  readonly name: string;
  readonly argv: (targets: Targets, token: string) => readonly [string, ...string[]];
  readonly limits: SandboxLimits;
  readonly statuses: Readonly<Record<TierName, readonly SandboxStatus[]>>;
  /** Tiers that stop it. In the others `succeeded` must be true: what is documented as open is really open. */
  readonly stoppedBy: readonly TierName[];
  readonly succeeded: (observation: Observation) => boolean;
}

const MEBIBYTE = 1024 ** 2;
const LIMITS: SandboxLimits = { wallTimeMs: 5000, memoryBytes: 192 * MEBIBYTE, processes: 64 };
const ALL: readonly TierName[] = ['bubblewrap', 'namespaces', 'process-group'];
const ISOLATING: readonly TierName[] = ['bubblewrap', 'namespaces'];

const everywhere = (...statuses: SandboxStatus[]): HostileCommand['statuses'] => ({
  bubblewrap: statuses,
  namespaces: statuses,
  'process-group': statuses,
});
/** The token marks the shell and its forks in process listings. */
const shell =
  (script: string) =>
  (_targets: Targets, token: string): readonly [string, ...string[]] => ['/bin/sh', '-c', script, token];
const endedWell = ({ result }: Observation): boolean => result.status === 'OK' && result.exitCode === 0;

export const HOSTILE_COMMANDS: readonly HostileCommand[] = [
  {
    name: 'read /etc/shadow',
    argv: shell('cat /etc/shadow'),
    limits: LIMITS,
    statuses: everywhere('OK'),
    stoppedBy: ALL,
    succeeded: endedWell,
  },
  {
    name: 'read a file of a home directory',
    argv: ({ secretFile }) => ['/bin/cat', secretFile],
    limits: LIMITS,
    statuses: everywhere('OK'),
    stoppedBy: ISOLATING,
    succeeded: ({ result }) => result.stdout.includes('secret of the host'),
  },
  {
    name: 'connect out (TCP)',
    argv: ({ tcpPort }) => [NODE, '-e', connectScript(JSON.stringify({ port: tcpPort, host: '127.0.0.1' }))],
    limits: LIMITS,
    statuses: everywhere('OK'),
    stoppedBy: ISOLATING,
    succeeded: ({ tcpConnections }) => tcpConnections > 0,
  },
  {
    name: 'connect to a host unix socket',
    argv: ({ unixSocket }) => [NODE, '-e', connectScript(JSON.stringify({ path: unixSocket }))],
    limits: LIMITS,
    statuses: everywhere('OK'),
    stoppedBy: ISOLATING,
    succeeded: ({ unixConnections }) => unixConnections > 0,
  },
  {
    name: 'fork bomb',
    argv: shell('b() { b | b & }; b; sleep 1; exit 0'),
    limits: { ...LIMITS, wallTimeMs: 3000, processes: 48 },
    statuses: { bubblewrap: ['OK'], namespaces: ['OK'], 'process-group': ['OK', 'KILLED_KILL'] },
    stoppedBy: ALL,
    succeeded: ({ result }) => result.status === 'OK' && !/annot fork|Resource temporarily/.test(result.stderr),
  },
  {
    name: 'memory hog',
    argv: () => [
      NODE,
      '-e',
      'const held = []; while (held.length < 64) held.push(Buffer.alloc(16 * 2 ** 20, 1)); setTimeout(() => {}, 2000)',
    ],
    limits: LIMITS,
    statuses: everywhere('MEM_LIMIT'),
    stoppedBy: ALL,
    succeeded: endedWell,
  },
  {
    name: 'disk filler, one file',
    argv: shell('head -c 64M /dev/zero > filler'),
    limits: { ...LIMITS, fileBytes: 8 * MEBIBYTE },
    statuses: everywhere('OK'),
    stoppedBy: ALL,
    succeeded: ({ result, largestFile }) => result.exitCode === 0 || largestFile > 8 * MEBIBYTE,
  },
  {
    name: 'disk filler, many temporary files',
    argv: shell('i=0; while [ $i -lt 12 ]; do head -c 8M /dev/zero > $TMPDIR/$i || exit 7; i=$((i + 1)); done'),
    limits: { ...LIMITS, memoryBytes: 64 * MEBIBYTE, fileBytes: 8 * MEBIBYTE },
    statuses: {
      bubblewrap: ['OK', 'MEM_LIMIT'],
      namespaces: ['OK', 'MEM_LIMIT'],
      'process-group': ['OK', 'MEM_LIMIT'],
    },
    stoppedBy: ISOLATING,
    succeeded: endedWell,
  },
  {
    name: 'SIGTERM ignored, grandchildren in own sessions',
    argv: (_targets, token) => ['/bin/sh', '-c', stubbornScript(token)],
    limits: { ...LIMITS, wallTimeMs: 600 },
    statuses: everywhere('TIMEOUT'),
    stoppedBy: ALL,
    succeeded: ({ result }) => result.status !== 'TIMEOUT',
  },
  {
    name: '1 GB of output',
    argv: shell('head -c 1073741824 /dev/zero'),
    limits: { ...LIMITS, wallTimeMs: 20_000, outputBytes: MEBIBYTE },
    statuses: everywhere('OK'),
    stoppedBy: ALL,
    succeeded: ({ result }) => !result.stdout.endsWith('[TRUNCATED at 1048576 bytes]'),
  },
];

function connectScript(target: string): string {
  return `require('node:net').connect(${target}).on('connect', () => process.exit(0)).on('error', () => process.exit(9))`;
}

/** Two grandchildren in own sessions, one of them with an empty environment; every sleep carries the token. */
function stubbornScript(token: string): string {
  const stubborn = `trap "" TERM; sleep 300.${token}; sleep 300.${token}`;
  return `trap "" TERM; setsid sh -c '${stubborn}' & setsid env -i /bin/sh -c '${stubborn}' & sleep 300.${token}; sleep 300.${token}`;
}
