// VLTAIR as a contender: `node bench/durable/vltair/contender.ts DIRECTORY STORE`, told what to do by the bench.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { EventStore } from '@vltair/core';
import { watchEventLoop } from '../event-loop-delay.ts';
import { serveContender, type Contender, type Watched } from '../serve-contender.ts';
import { benchRuntime, MOST_ATTEMPTS, runToEnd } from './bench-runtime.ts';
import { actAtOnce, stepInvoker } from './five-steps.ts';
import { storeKind } from './open-bench-store.ts';
import { runRecord } from './run-record.ts';

/** Looking at the event loop costs some of it: only where its delay is of interest. */
const CROWD = 500;
/** More than a run of five steps is spread over. */
const MOST_GROUPS = 100;
const CLOSE_GRACE_MS = 5_000;

async function openContender(directory: string): Promise<Contender> {
  const kind = storeKind(process.argv[3] ?? 'sqlite');
  const store = await kind.open(directory);
  const runtime = benchRuntime(store, stepInvoker(actAtOnce, 'once'));
  let last = '';
  return {
    about: {
      engine: 'VLTAIR',
      version: productVersion(),
      store: await kind.describe(),
      fsync: kind.fsync,
      processes: kind.processes.slice(),
      concurrency: `${MOST_ATTEMPTS} attempts at a time`,
    },
    runOne: async () => {
      last = (await runToEnd(runtime)).run;
    },
    watch: ({ inFlight }) => {
      const eventLoop = inFlight < CROWD ? undefined : watchEventLoop();
      return async () => await watched(store, last, eventLoop?.());
    },
    close: async () => {
      await runtime.close(CLOSE_GRACE_MS);
      await store.close();
    },
  };
}

async function watched(store: EventStore, run: string, eventLoopMs: number | undefined): Promise<Watched> {
  const head = await store.head(run);
  const groups = (await store.commitsOf(run, 0, MOST_GROUPS)).map(({ hashes }) => hashes.length);
  const eventsPerCommit = groups.reduce((sum, size) => sum + size, 0) / groups.length;
  const figures = { events: head?.seq ?? 0, eventsPerCommit, ...(eventLoopMs === undefined ? {} : { eventLoopMs }) };
  return { figures, sample: await runRecord(store, run) };
}

function productVersion(): string {
  const path = join(import.meta.dirname, '..', '..', '..', 'package.json');
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(path, 'utf8'))).version;
}

await serveContender(openContender);
