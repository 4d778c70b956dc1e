import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { makeRunId, workflowSchema } from '@vltair/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { agentsOf, examineMachine, sandboxOf } from '../src/engine.ts';
import {
  builtInAgents,
  findRun,
  readConfiguration,
  reportStatus,
  putCommand,
  type Application,
  type SessionOptions,
} from '../src/index.ts';
import { openWorkspace } from '@vltair/agents';
import { openReplayed } from './replayed-application.ts';

let directory = '';
beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'vltair-server-')));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function open(): Promise<Application> {
  return await openReplayed({ dataDirectory: directory });
}

const WORKFLOW = workflowSchema.parse({
  name: 'write',
  nodes: [{ id: 'write', agent: 'codegen', action: 'create', input: { target: 'a.js', content: 'export {};\n' } }],
});

async function start(app: Application, at: number): Promise<string> {
  const run = makeRunId(at, randomBytes(16));
  const { tree } = await app.workspace.capture(directory);
  await app.runtime.start({ run, workflow: WORKFLOW, input: {}, traceId: '1'.repeat(32), title: 'write', tree });
  await app.runtime.rest(run);
  return run;
}

/** Its first attempt is due, and needs a worker. */
const WAITING = workflowSchema.parse({ name: 'wait', nodes: [{ id: 'wait', agent: 'test-exec', action: 'run' }] });

function session(): SessionOptions {
  return {
    dataDirectory: directory,
    configuration: readConfiguration({}, directory),
    environment: {},
    warn: () => {},
    signal: new AbortController().signal,
    watcher: { located: () => {}, degraded: () => {}, committed: () => {}, progress: () => {} },
  };
}

describe('commands from outside', () => {
  const command = { type: 'cancel', by: 'me', reason: 'enough' } as const;

  test('an owner that does not answer leaves the command pending, and one that refuses says so', async () => {
    const app = await open();
    const run = await start(app, Date.now());
    await expect(putCommand(session(), run, command)).rejects.toMatchObject({
      reason: 'invalid_argument/run_ended',
      message: `The run has ended: ${run} succeeded`,
    });
    await expect(
      putCommand(session(), run, { type: 'resolve', key: 'k', resolution: 'fail', by: 'me' }),
    ).rejects.toMatchObject({ reason: 'invalid_argument/run_ended' });
    await expect(putCommand(session(), 'nobody', command)).rejects.toMatchObject({ reason: 'not_found/run' });
    await app.runtime.close(1_000);
    expect(await putCommand(session(), run, command, 100)).toEqual({ kind: 'pending' });
    await app.close();
  });

  test('without an owner the refusal is the same, and the store is free again', async () => {
    const app = await open();
    const run = await start(app, Date.now());
    await app.close();
    await expect(putCommand(session(), run, command)).rejects.toMatchObject({
      reason: 'invalid_argument/run_ended',
      message: `The run has ended: ${run} succeeded`,
    });
    await (await open()).close();
  });

  test('a command to a run that nobody works on is applied, and nothing of the run begins', async () => {
    const app = await openReplayed({ dataDirectory: directory, concurrency: 0 });
    const run = makeRunId(Date.now(), randomBytes(16));
    await app.runtime.start({ run, workflow: WAITING, input: {}, traceId: '1'.repeat(32), title: 'wait' });
    await app.close();
    expect(await putCommand(session(), run, { type: 'pause', by: 'me', reason: 'lunch' })).toEqual({
      kind: 'accepted',
    });
    const after = await openReplayed({ dataDirectory: directory, concurrency: 0 });
    const types = (await after.store.read(run)).map(({ payload }) => payload.type);
    expect(types).toContain('pause.requested');
    expect(types).not.toContain('attempt.completed');
    expect(types.filter((type) => type.startsWith('effect.'))).toEqual([]);
    await after.close();
  });

  test('an approval reaches the run through its owner, and is given once', async () => {
    const app = await open();
    const run = makeRunId(Date.now(), randomBytes(16));
    const workflow = workflowSchema.parse({ name: 'ask', nodes: [{ id: 'ask', approval: { message: 'Go on?' } }] });
    await app.runtime.start({ run, workflow, input: {}, traceId: '1'.repeat(32), title: 'ask' });
    expect(await app.runtime.rest(run)).toMatchObject({ status: 'paused' });
    const approve = { type: 'approve', approval: 'ask', by: 'me' } as const;
    expect(await putCommand(session(), run, approve)).toEqual({ kind: 'accepted' });
    // The answer may be read from the store before its owner has heard that it is there.
    await expect.poll(async () => (await app.runtime.rest(run)).status).toBe('succeeded');
    await expect(putCommand(session(), run, approve)).rejects.toMatchObject({ reason: 'invalid_argument/run_ended' });
    await app.close();
  });

  test('an owner that goes before it has answered is succeeded at once, and the command is applied once', async () => {
    const app = await openReplayed({ dataDirectory: directory, concurrency: 0 });
    const run = makeRunId(Date.now(), randomBytes(16));
    await app.runtime.start({ run, workflow: WAITING, input: {}, traceId: '1'.repeat(32), title: 'wait' });
    await app.runtime.close(0);
    const answer = putCommand(session(), run, command);
    await sleep(200);
    await app.store.close();
    expect(await answer).toEqual({ kind: 'accepted' });
    const after = await open();
    const cancels = (await after.store.read(run)).filter(({ payload }) => payload.type === 'cancel.requested');
    expect(cancels).toHaveLength(1);
    expect(await after.store.run(run)).toMatchObject({ status: 'cancelled' });
    expect(await after.store.inbox()).toEqual([]);
    await after.close();
  });
});

describe('finding a run', () => {
  test('a part that several runs have names them all', async () => {
    const app = await open();
    const now = Date.now();
    const [first, second] = [await start(app, now), await start(app, now)];
    await expect(findRun(app.store, first.slice(0, 8))).rejects.toThrow(first);
    await expect(findRun(app.store, first.slice(0, 8))).rejects.toThrow(second);
    expect((await findRun(app.store, 'last')).run).toBe(second);
    await app.close();
  });

  test('an empty store has no last run', async () => {
    const app = await open();
    await expect(findRun(app.store, 'last')).rejects.toThrow('the store is empty');
    await app.close();
  });
});

describe('what an installation says of itself', () => {
  test('the cards of the agents are those of the registry', async () => {
    const workspace = await openWorkspace({ dataDirectory: directory });
    const configuration = readConfiguration({}, directory);
    const registry = agentsOf(sandboxOf(configuration), workspace, { ...configuration, environment: {} });
    expect(builtInAgents).toEqual(registry.list());
  });

  test('the owner of a store is named', async () => {
    const app = await open();
    const options = {
      dataDirectory: directory,
      warn: () => {},
      version: '1',
      configuration: readConfiguration({}, directory),
    };
    expect((await reportStatus(options)).owner?.pid).toBe(process.pid);
    await app.close();
    expect((await reportStatus(options)).owner).toBeUndefined();
  });

  test('a place that cannot be written is found', async () => {
    const configuration = readConfiguration({}, directory);
    const findings = await examineMachine({ dataDirectory: '/proc/1/fdinfo/vltair', configuration });
    expect(findings.find(({ name }) => name === 'store')).toMatchObject({ verdict: 'bad' });
  });
});
