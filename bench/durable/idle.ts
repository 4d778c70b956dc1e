// A process that has nothing to do, beside the one that is measured: what its event loop is late by, the machine is.
import { setTimeout as sleep } from 'node:timers/promises';
import { watchEventLoop } from './event-loop-delay.ts';
import { serveContender } from './serve-contender.ts';

const NAP_MS = 50;

await serveContender(() =>
  Promise.resolve({
    about: { engine: 'idle', version: '1', store: 'none', fsync: 'nobody', processes: ['itself'], concurrency: '1' },
    runOne: async () => await sleep(NAP_MS),
    watch: () => {
      const eventLoop = watchEventLoop();
      return () => Promise.resolve({ figures: { eventLoopMs: eventLoop() } });
    },
    close: () => Promise.resolve(),
  }),
);
