/** Runs the hostile commands in one place and looks at what came of each on the host. */
import { randomInt } from 'node:crypto';
import { mkdtempSync, chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SandboxRequest } from '../src/index.ts';
import { HOSTILE_COMMANDS, type HostileCommand, type Observation, type Targets } from './hostile-commands.ts';
import { aWorkDirectory, NODE_FOLDER, runIn, type Place } from './tiers-under-test.ts';

export interface Trial {
  readonly command: HostileCommand;
  readonly observation: Observation;
  /** Command lines of processes that outlived the command. */
  readonly survivors: readonly string[];
}

/** The trials of a place, or why there are none. */
export async function tryHostileCommands(place: Place): Promise<readonly Trial[] | string> {
  const home = mkdtempSync(join(tmpdir(), 'sandbox-home-'));
  chmodSync(home, 0o755);
  const secretFile = join(home, 'secret');
  writeFileSync(secretFile, 'secret of the host', { mode: 0o644 });
  const tcp = await listen(0);
  const unixSocket = join(home, 'socket');
  const unix = await listen(unixSocket);
  chmodSync(unixSocket, 0o777);
  try {
    const targets: Targets = { secretFile, unixSocket, tcpPort: (tcp.server.address() as AddressInfo).port };
    const trials: Trial[] = [];
    for (const command of HOSTILE_COMMANDS) {
      const counts = { tcp: tcp.count(), unix: unix.count() };
      const trial = await tryCommand(place, command, targets);
      if (typeof trial === 'string') return trial;
      const seen = { tcpConnections: tcp.count() - counts.tcp, unixConnections: unix.count() - counts.unix };
      trials.push({ ...trial, observation: { ...trial.observation, ...seen } });
    }
    return trials;
  } finally {
    tcp.server.close();
    unix.server.close();
    rmSync(home, { recursive: true });
  }
}

async function tryCommand(place: Place, command: HostileCommand, targets: Targets): Promise<Trial | string> {
  const token = String(randomInt(10 ** 8, 10 ** 9));
  const workDirectory = aWorkDirectory(place);
  const request: SandboxRequest = {
    argv: command.argv(targets, token),
    workDirectory,
    readOnlyPaths: [NODE_FOLDER],
    limits: command.limits,
    traceId: 'hostile',
  };
  const results = await runIn(place, [request]);
  const largestFile = Math.max(
    0,
    ...readdirSync(workDirectory).map((name) => statSync(join(workDirectory, name)).size),
  );
  rmSync(workDirectory, { recursive: true });
  if (typeof results === 'string') return results;
  const [result] = results;
  if (result === undefined) return 'no result';
  return {
    command,
    observation: { result, largestFile, tcpConnections: 0, unixConnections: 0 },
    survivors: commandLinesWith(token, workDirectory),
  };
}

/** Command lines of living processes that mention one of the words. */
export function commandLinesWith(...words: string[]): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.map(commandLine).filter((line) => words.some((word) => line.includes(word)));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return ''; // it ended meanwhile
  }
}

async function listen(where: number | string): Promise<{ server: Server; count: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => {
    if (typeof where === 'string') server.listen(where, resolve);
    else server.listen(where, '127.0.0.1', resolve);
  });
  return { server, count: () => connections };
}
