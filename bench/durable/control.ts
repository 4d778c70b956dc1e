// A fixed piece of work, measured in every round beside the contenders: how fast this machine was at that time. One piece
// is what a durable step costs anybody: some texts made and read, some hashes, one write that is on the disk.
import { createHash } from 'node:crypto';
import { fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { serveContender } from './serve-contender.ts';

const TEXTS = 100;
const RECORD = { type: 'effect.recorded', key: 'k'.repeat(64), outcome: { kind: 'value', value: 'v'.repeat(256) } };
const BLOCK_BYTES = 4_096;

function hashTexts(): Buffer {
  let previous = Buffer.alloc(32);
  for (let number = 0; number < TEXTS; number += 1) {
    const text = JSON.stringify(JSON.parse(JSON.stringify({ ...RECORD, number })));
    previous = createHash('sha256').update(previous).update(text).digest();
  }
  return previous;
}

await serveContender((directory) => {
  const file = openSync(join(directory, 'control'), 'w');
  const block = Buffer.alloc(BLOCK_BYTES);
  return Promise.resolve({
    about: {
      engine: 'control',
      version: '1',
      store: 'one file',
      fsync: 'itself, after every piece',
      processes: ['itself'],
      concurrency: '1',
    },
    runOne: async () => {
      hashTexts().copy(block);
      writeSync(file, block, 0, BLOCK_BYTES, 0);
      fdatasyncSync(file);
      await nextTurn();
    },
    close: () => Promise.resolve(),
  });
});
