// Restate: its server from npm with four partitions and a quiet log, a service whose handler makes five durable steps,
// and a client that calls it through the server's ingress.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttp2Server } from 'node:http2';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as restate from '@restatedev/restate-sdk';
import * as clients from '@restatedev/restate-sdk-clients';
import { serveContender, type Contender } from '../durable/serve-contender.ts';
import { act, STEPS } from './act.ts';
import { versionOf } from './version-of.ts';

const PARTITIONS = 4;
const HOST = '127.0.0.1';
const START_TRIES = 300;
const START_PAUSE_MS = 100;

const service = restate.service({
  name: 'bench',
  handlers: {
    fiveSteps: async (context: restate.Context): Promise<number> => {
      let done = 0;
      for (const step of STEPS) {
        await context.run(step, () => act(step));
        done += 1;
      }
      return done;
    },
  },
});

interface Ports {
  readonly ingress: number;
  readonly admin: number;
  readonly fabric: number;
  readonly handler: number;
}

async function openContender(directory: string): Promise<Contender> {
  const ports = {
    ingress: await freePort(),
    admin: await freePort(),
    fabric: await freePort(),
    handler: await freePort(),
  };
  const server = startServer(directory, ports);
  const handler = createHttp2Server(restate.createEndpointHandler({ services: [service], logger: logWhatIsWrong }));
  handler.listen(ports.handler, HOST);
  await register(ports);
  const client = clients.connect({ url: `http://${HOST}:${ports.ingress}` }).serviceClient(service);
  await untilAnswered(async () => await client.fiveSteps());
  return {
    about: {
      engine: 'Restate',
      version: `${versionOf('@restatedev/restate-server')} (SDK ${versionOf('@restatedev/restate-sdk')})`,
      store: `the server’s own log and RocksDB, ${PARTITIONS} partitions, one node`,
      fsync: 'the Restate server, once for each batch of its log',
      processes: ['handlers and caller in one process', 'the Restate server'],
      concurrency: 'its default of 1000 concurrent invocations',
    },
    runOne: async () => {
      const done = await client.fiveSteps();
      if (done !== STEPS.length) throw new RangeError(`a workflow made ${done} steps`);
    },
    close: async () => {
      const exit = once(server, 'exit');
      server.kill('SIGKILL'); // its data are thrown away
      await exit;
      handler.close();
      setImmediate(() => process.exit(0)); // the connections of its client stay open otherwise
    },
  };
}

/** Otherwise its SDK prints a line for every invocation. */
function logWhatIsWrong({ level }: restate.LogMetadata, message?: unknown): void {
  if (String(level) === 'error') process.stderr.write(`${String(message)}\n`);
}

/** The binary itself, without the script before it, so that nothing outlives us. */
function startServer(directory: string, ports: Ports): ChildProcess {
  const require = createRequire(import.meta.url);
  const wrapper = createRequire(require.resolve('@restatedev/restate-server/package.json'));
  const binary = wrapper.resolve(`@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`);
  const server = spawn(binary, ['--no-logo'], {
    cwd: directory,
    stdio: ['ignore', 2, 2],
    env: {
      PATH: process.env['PATH'] ?? '',
      RESTATE_BASE_DIR: join(directory, 'restate'),
      RESTATE_NODE_NAME: 'bench',
      RESTATE_DEFAULT_NUM_PARTITIONS: String(PARTITIONS),
      RESTATE_LOG_FILTER: 'error,octocrab=off', // that one looks for updates
      RESTATE_LOG_DISABLE_ANSI_CODES: 'true',
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_BIND_ADDRESS: `${HOST}:${ports.fabric}`,
      RESTATE_INGRESS__BIND_ADDRESS: `${HOST}:${ports.ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `${HOST}:${ports.admin}`,
    },
  });
  process.once('exit', () => server.kill('SIGKILL'));
  return server;
}

async function register(ports: Ports): Promise<void> {
  await untilAnswered(async () => {
    const response = await fetch(`http://${HOST}:${ports.admin}/deployments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ uri: `http://${HOST}:${ports.handler}` }),
    });
    if (!response.ok) throw new RangeError(`the server answers ${response.status} to the registration`);
  });
}

/** The server takes a while until it listens, and then until its partitions have leaders. */
async function untilAnswered(ask: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return void (await ask());
    } catch (error) {
      if (tries === START_TRIES) throw error;
      await sleep(START_PAUSE_MS);
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, HOST);
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new RangeError('no port is free');
  return address.port;
}

await serveContender(openContender);
