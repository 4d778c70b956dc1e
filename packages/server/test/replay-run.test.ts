import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeRunId, workflowSchema } from '@vltair/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import type { Application } from '../src/application.ts';
import { parseReplayPoint, replayRun, verifyReplayOf, type Replay } from '../src/replay-run.ts';
import { openReplayed } from './replayed-application.ts';

const node = (id: string, needs: readonly string[]) => ({
  id,
  agent: 'codegen',
  action: 'create',
  input: { target: `${id}.js`, content: 'export {};\n' },
  needs: [...needs],
});
const workflow = workflowSchema.parse({ name: 'write', nodes: [node('first', []), node('second', ['first'])] });

let directory: string;
let app: Application;
let run: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'vltair-replay-'));
  app = await openReplayed({ dataDirectory: directory });
  run = makeRunId(Date.now(), randomBytes(16));
  const { tree } = await app.workspace.capture(directory);
  await app.runtime.start({ run, workflow, input: {}, traceId: '1'.repeat(32), title: 'write', tree });
  await app.runtime.rest(run);
});
afterAll(async () => {
  await app.close();
  rmSync(directory, { recursive: true, force: true });
});

const ids = (places: Replay['ready']): string => places.map(({ node: id }) => id).join(' ');
/** Waiting, ready, running and completed nodes. */
const setsOf = ({ waiting, ready, running, completed }: Replay) =>
  [waiting, ready, running, completed].map(ids).join(' | ');

test('every task that is accepted and every result that is applied is an event', async () => {
  verifies('OC-12');
  verifies('V-18');
  const types = (await app.store.read(run)).map(({ payload }) => payload.type);
  expect(types).toEqual([
    'run.created',
    ...['first', 'second'].flatMap(() => ['attempt.scheduled', 'attempt.completed', 'node.succeeded']),
    'run.succeeded',
  ]);
});

describe('a replay', () => {
  test('goes through the sets that the run went through, event by event', async () => {
    verifies('OC-14');
    const { lastSeq } = await replayRun(app.store, run);
    const moments: string[] = [];
    for (let seq = 1; seq <= lastSeq; seq += 1) {
      const replay = await replayRun(app.store, run, { kind: 'seq', seq });
      expect(replay).toMatchObject({ run, seq, lastSeq, parked: [] });
      if (moments.at(-1) !== setsOf(replay)) moments.push(setsOf(replay));
    }
    expect(moments).toEqual([
      'first second |  |  | ',
      'second | first |  | ',
      'second |  | first | ',
      'second |  |  | first',
      ' | second |  | first',
      ' |  | second | first',
      ' |  |  | first second',
    ]);
    expect(setsOf(await replayRun(app.store, run))).toBe(' |  |  | first second');
  });

  test('at a time is the replay at the last event up to it', async () => {
    verifies('OC-14');
    for (const { seq, ts } of (await app.store.read(run)).map(({ seq: number, ts: time }) => ({
      seq: number,
      ts: time,
    }))) {
      const replay = await replayRun(app.store, run, parseReplayPoint(new Date(ts).toISOString()));
      expect(replay.ts).toBe(ts);
      expect(replay.seq).toBeGreaterThanOrEqual(seq);
    }
  });

  test('of a moment that the run does not have is refused', async () => {
    await expect(replayRun(app.store, run, { kind: 'seq', seq: 10_000 })).rejects.toMatchObject({ where: '--at' });
    await expect(replayRun(app.store, run, { kind: 'time', ts: 0 })).rejects.toMatchObject({ where: '--at' });
    expect(() => parseReplayPoint('yesterday')).toThrow('neither the number of an event nor a time');
  });
});

test('a log whose hashes fit but whose commits nobody signed is not replayed as proof', async () => {
  verifies('SP-9');
  expect(await verifyReplayOf(app.store, run)).toEqual([]);
  const database = new DatabaseSync(join(directory, 'vltair.db'));
  database.exec("UPDATE commits SET signature = replace(signature, substr(signature, 1, 8), 'ffffffff')");
  database.close();
  expect((await replayRun(app.store, run)).status).toBe('succeeded');
  await expect(verifyReplayOf(app.store, run)).rejects.toMatchObject({ reason: 'internal/chain_broken' });
});
