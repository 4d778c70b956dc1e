import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunState } from '@vltair/core';
import { makeRunId, makeTraceId, workflowSchema, type JsonObject, type WorkflowInput } from '@vltair/protocol';
import { expect, onTestFinished, test } from 'vitest';
import type { Application } from '../src/application.ts';
import { openReplayed } from './replayed-application.ts';

/** A server of this machine, and the entry of the allow-list that names it. */
async function aServer(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const bound = server.address();
  return `127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : ''}`;
}

/** The real application, which replays every run when it closes. */
async function anApplication(environment: Readonly<Record<string, string>> = {}): Promise<Application> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'vltair-agent-runs-'));
  const app = await openReplayed({ dataDirectory, environment: { PATH: process.env['PATH'] ?? '', ...environment } });
  onTestFinished(async () => {
    await app.close();
    rmSync(dataDirectory, { recursive: true, force: true });
  });
  return app;
}

async function run(app: Application, workflow: WorkflowInput, input: JsonObject = {}): Promise<RunState> {
  const id = makeRunId(Date.now(), randomBytes(16));
  const traceId = makeTraceId(randomBytes(16));
  const title = workflow.name;
  await app.runtime.start({ run: id, workflow: workflowSchema.parse(workflow), input, traceId, title });
  return await app.runtime.rest(id);
}

const logOf = async (app: Application, { run: id }: RunState): Promise<string> =>
  JSON.stringify((await app.store.read(id)).map(({ payload }) => payload));

test('a run asks a host, computes with the answer and hands it to a command; no secret is in its log', async () => {
  const host = await aServer((request, response) =>
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ items: [{ price: 3 }, { price: 4 }], key: request.headers['x-key'] })),
  );
  const app = await anApplication({ VLTAIR_HTTP_ALLOW: host, VLTAIR_SECRET_SHOP: 'deep-secret-value' });
  const state = await run(app, {
    name: 'shop',
    nodes: [
      {
        id: 'ask',
        agent: 'http',
        action: 'request',
        input: { url: `http://${host}/items`, headers: { 'X-Key': { secret: 'SHOP' } } },
        routes: [{ on: 'success', to: 'sum' }],
      },
      {
        id: 'sum',
        agent: 'transform',
        action: 'evaluate',
        input: {
          expressions: { prices: 'items.map(item, item.price)', many: 'items.size() > 1' },
          values: { items: '{{ask.output.json.items}}' },
        },
      },
      {
        id: 'tell',
        agent: 'shell',
        needs: ['sum'],
        input: { command: ['cat'], stdin: '{{sum.output.prices}}', json: true },
        routes: [
          { on: 'success', end: 'succeeded' },
          { on: 'nonzero', end: 'failed' },
        ],
      },
    ],
  });
  const log = await logOf(app, state);
  expect(state.status, log).toBe('succeeded');
  expect(log).toContain('"many":true,"prices":[3,4]');
  expect(log).toContain('"json":[3,4]');
  expect(log).toContain('<<REDACTED>>');
  expect(log).not.toContain('deep-secret-value');
});

test('a host that is busy is asked again', async () => {
  let asked = 0;
  const host = await aServer((_, response) => {
    asked += 1;
    response.writeHead(asked === 1 ? 503 : 200).end('open');
  });
  const app = await anApplication({ VLTAIR_HTTP_ALLOW: host });
  const nodes = [{ id: 'ask', agent: 'http', action: 'request', input: { url: `http://${host}/`, method: 'POST' } }];
  const state = await run(app, { name: 'busy', nodes });
  expect({ status: state.status, asked }).toEqual({ status: 'succeeded', asked: 2 });
});

test('a host that does not begin to answer is given up; one that may have acted is not asked again', async () => {
  let asked = 0;
  const host = await aServer(() => (asked += 1));
  const app = await anApplication({ VLTAIR_HTTP_ALLOW: host });
  const input = { url: `http://${host}/`, method: 'POST', timeoutMs: 20_000, firstByteMs: 100 };
  const nodes = [{ id: 'ask', agent: 'http', action: 'request', input }];
  const state = await run(app, { name: 'silent', nodes });
  expect({ status: state.status, asked }).toEqual({ status: 'failed', asked: 1 });
  expect(await logOf(app, state)).toContain('not known whether the request arrived');
});

test('an answer that stops in the middle is given up', async () => {
  const host = await aServer((_, response) => void response.write('half'));
  const app = await anApplication({ VLTAIR_HTTP_ALLOW: host });
  const input = { url: `http://${host}/`, timeoutMs: 20_000, idleMs: 100 };
  const nodes = [{ id: 'ask', agent: 'http', action: 'request', input, maxAttempts: 1 }];
  const state = await run(app, { name: 'half', nodes });
  expect(state.status).toBe('failed');
  expect(await logOf(app, state)).toContain('nothing more arrived within 100 ms');
});

test('a host that the configuration does not name is refused, with no call recorded', async () => {
  const app = await anApplication();
  const nodes = [{ id: 'ask', agent: 'http', action: 'request', input: { url: 'http://127.0.0.1:9/' } }];
  const state = await run(app, { name: 'refused', nodes });
  const log = await logOf(app, state);
  expect(state.status).toBe('failed');
  expect(log).toContain('forbidden/host');
  expect(log).not.toContain('effect.intended');
});

test('a budget that does not hold a command keeps it from starting', async () => {
  const app = await anApplication();
  const nodes = [{ id: 'work', agent: 'shell', input: { command: ['true'], timeoutMs: 60_000 } }];
  const state = await run(app, { name: 'poor', budget: { timeMs: 1_000 }, nodes });
  expect(state.status).toBe('failed');
  expect(await logOf(app, state)).toContain('effect.refused');
});

test('a cancelled run ends its command at once', async () => {
  const app = await anApplication();
  const id = makeRunId(Date.now(), randomBytes(16));
  const nodes = [{ id: 'work', agent: 'shell', input: { command: ['sleep', '60'], timeoutMs: 120_000 } }];
  const workflow = workflowSchema.parse({ name: 'slow', nodes });
  await app.runtime.start({ run: id, workflow, input: {}, traceId: makeTraceId(randomBytes(16)), title: 'slow' });
  while (!JSON.stringify((await app.store.read(id)).map(({ payload }) => payload)).includes('effect.intended'))
    await new Promise((resolve) => setTimeout(resolve, 10));
  await new Promise((resolve) => setTimeout(resolve, 200));
  const begin = performance.now();
  await app.runtime.command(id, { type: 'cancel', by: 'ada', reason: 'enough' });
  const state = await app.runtime.rest(id);
  const elapsed = performance.now() - begin;
  process.stdout.write(`the run had ended ${elapsed.toFixed(0)} ms after it was cancelled\n`);
  expect(state.status).toBe('cancelled');
  expect(elapsed).toBeLessThan(1_500);
});
