import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { makeRunId } from '@vltair/protocol';
import { expect, test } from 'vitest';
import { verifyRun } from '../src/index.ts';
import { aDirectory } from './journal-builders.ts';
import { openReplayedStore } from './replayed-store.ts';

const CHILD = fileURLToPath(new URL('./kill-child.ts', import.meta.url));
const KILLS = 10;

/** A linear congruential generator: the same seed kills at the same moments. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

interface Ended {
  readonly killed: boolean;
  readonly output: string;
}

interface Kill {
  /** How many effects the child tells of first. */
  readonly effects: number;
  readonly thenMs: number;
}

/** Runs the child, to its end or until it is killed. */
async function runChild(directory: string, run: string, kill: Kill | undefined): Promise<Ended> {
  const child = spawn(process.execPath, [CHILD, directory, run], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  const hasBegun = new Promise<void>((resolve) =>
    child.stdout.on('data', (chunk: Buffer) => {
      output += String(chunk);
      if (output.split('effect').length > (kill?.effects ?? 0) && output.includes('working')) resolve();
    }),
  );
  child.stderr.on('data', (chunk: Buffer) => (errors += String(chunk)));
  const exit = once(child, 'exit');
  const closed = once(child, 'close');
  if (kill !== undefined) {
    await Promise.race([hasBegun, exit]);
    await Promise.race([setTimeout(kill.thenMs), exit]);
    child.kill('SIGKILL');
  }
  await closed;
  expect(errors).toBe('');
  return { killed: child.signalCode === 'SIGKILL', output };
}

test('a run survives kill -9 at any moment: every recorded effect happened once', async () => {
  const seed = Number(process.env['KILL_SEED'] ?? 20_240_607);
  const random = randomOf(seed);
  const place = aDirectory();
  const run = makeRunId(1, new Uint8Array(16));
  let kills = 0;
  for (let turn = 0; turn < KILLS; turn += 1) {
    const { killed } = await runChild(place.path, run, {
      effects: Math.floor(random() * 4),
      thenMs: Math.floor(random() * 12),
    });
    if (!killed) break;
    kills += 1;
  }
  const { output } = await runChild(place.path, run, undefined);
  expect(output.replaceAll('effect\n', ''), `KILL_SEED=${seed}`).toBe('working\nsucceeded\n');

  const store = await openReplayedStore({
    directory: place.path,
    mode: 'read',
    now: () => 0,
    onWarning: (warning) => expect.fail(warning),
  });
  const events = await store.read(run);
  const payloads = events.map(({ payload }) => payload);
  const recorded = payloads.flatMap((payload) => (payload.type === 'effect.recorded' ? [`${run}/${payload.key}`] : []));
  const executions = payloads.flatMap((payload) =>
    payload.type === 'effect.intended' ? [`${run}/${payload.key}`] : [],
  );
  const lines = (await readFile(join(place.path, 'effects.txt'), 'utf8')).trimEnd().split('\n');
  expect(new Set(recorded).size, 'no effect is recorded twice').toBe(recorded.length);
  expect(recorded).toHaveLength(6 * 5);
  expect(new Set(lines), 'what is recorded happened, what happened is recorded').toEqual(new Set(recorded));
  // A kill that came after the end of the run made nobody claim it again.
  const claims = payloads.filter(({ type }) => type === 'run.claimed').length;
  expect(claims, `KILL_SEED=${seed}`).toBeGreaterThanOrEqual(2);
  expect(claims).toBeLessThanOrEqual(kills);
  // Two nodes work at a time, so that a kill meets at most two calls under way.
  expect(lines.length - recorded.length).toBeLessThanOrEqual(2 * claims);
  expect(lines.length, 'nothing happened without an intent').toBeLessThanOrEqual(executions.length);
  expect(await verifyRun(store, run, [store.signer().fingerprint])).toMatchObject({ kind: 'verified' });
  await store.close();
  place.remove();
});
