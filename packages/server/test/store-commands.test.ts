import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeRunId, workflowSchema } from '@vltair/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { agentsOf, examineMachine, sandboxOf } from '../src/engine.ts';
import {
  builtInAgents,
  findRun,
  openStore,
  readConfiguration,
  reportStatus,
  sendCommand,
  type Application,
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

describe('commands from outside', () => {
  test('an owner that does not answer leaves the command pending, and one that refuses says so', async () => {
    const app = await open();
    const run = await start(app, Date.now());
    const outside = await openStore({ dataDirectory: directory, warn: () => {} }, 'read');
    const command = { type: 'cancel', by: 'me', reason: 'enough' } as const;
    await expect(sendCommand(outside, run, command, 5_000)).rejects.toThrow(/The run has ended/);
    await app.runtime.close(1_000);
    expect(await sendCommand(outside, run, command, 100)).toEqual({ kind: 'pending' });
    await outside.close();
    await app.close();
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
    const registry = agentsOf(sandboxOf(readConfiguration({}, directory)), workspace, {
      environment: {},
      redaction: {},
    });
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
