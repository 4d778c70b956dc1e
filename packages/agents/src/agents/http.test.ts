import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import { hostname } from 'node:os';
import type { AgentContext } from '@vltair/core';
import type { AgentTask, JsonObject } from '@vltair/protocol';
import { describe, expect, onTestFinished, test } from 'vitest';
import { aContext } from '../../test/agent-context.ts';
import { expectFitting } from '../../test/fitting-output.ts';
import { aServer } from '../../test/http-server.ts';
import { isPrivateAddress } from '../http/private-address.ts';
import { createHttp } from './http.ts';

interface Setting {
  readonly allow?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly context?: AgentContext;
}

async function http(input: JsonObject, { allow = [], environment = {}, context = aContext() }: Setting = {}) {
  const agent = createHttp({ allow, environment });
  const task: AgentTask = {
    type: 'AgentTask',
    id: 'task-1',
    protocolVersion: 1,
    payload: { action: 'request', ...input },
  };
  agent.validators?.get('request')?.(task);
  const reply = await agent.run(task, context);
  expectFitting(agent, 'request', reply);
  if (reply.type === 'AgentError') throw new Error(reply.error.message);
  return reply.payload;
}

describe('a request', () => {
  test('is sent as it is given, and its answer is the output', async () => {
    const server = await aServer((_, response) => response.writeHead(200, { 'x-kind': 'plain' }).end('hello'));
    const url = `${server.origin}/path?query=1#fragment`;
    const { output, signal } = await http({ url, headers: { Accept: 'text/*' } }, { allow: [server.host] });
    expect(signal).toBe('success');
    expect(output).toMatchObject({ status: 200, url: `${server.origin}/path?query=1`, body: 'hello' });
    expect(output['headers']).toMatchObject({ 'x-kind': 'plain' });
    expect(server.received).toMatchObject([{ method: 'GET', url: '/path?query=1', headers: { accept: 'text/*' } }]);
  });

  test('carries text as it is and anything else as JSON, and JSON comes back parsed', async () => {
    const answer = '{"id": 7}';
    const server = await aServer((_, response) =>
      response.writeHead(201, { 'content-type': 'application/problem+json' }).end(answer),
    );
    const call = { url: server.origin, method: 'POST' };
    const { output } = await http({ ...call, body: { name: 'x', list: [1] } }, { allow: [server.host] });
    expect(output).toMatchObject({ status: 201, json: { id: 7 }, body: answer });
    await http({ ...call, body: 'text' }, { allow: [server.host] });
    const [asJson, asText] = server.received;
    expect(asJson).toMatchObject({ body: '{"name":"x","list":[1]}', headers: { 'content-type': 'application/json' } });
    expect(asText?.body).toBe('text');
    expect(asText?.headers['content-type']).toBeUndefined();
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    '%s has one body, and no second request in it',
    async (method) => {
      const server = await aServer((_, response) => response.end());
      const body = 'GET /inner HTTP/1.1\r\nhost: x\r\n\r\nhéllo';
      await http({ url: server.origin, method, body }, { allow: [server.host] });
      expect(server.received).toMatchObject([{ method, url: '/', body }]);
    },
  );

  test.each([
    ['two lines', 'a\r\nx-other: 1'],
    ['a character beyond Latin-1', 'a ✓'],
  ])('a header with %s is refused, with its name and without its value', async (_, value) => {
    const server = await aServer((_request, response) => response.end());
    const environment = { VLTAIR_SECRET_KEY: value };
    for (const header of [value, { secret: 'KEY' }]) {
      const attempt = http({ url: server.origin, headers: { 'x-a': header } }, { allow: [server.host], environment });
      const error: unknown = await attempt.catch((caught: unknown) => caught);
      expect(error).toMatchObject({ reason: 'invalid_argument/agent_input', where: 'headers.x-a' });
      expect(String(error)).not.toContain(value);
    }
    expect(server.received).toEqual([]);
  });

  test.each([
    [200, 'success'],
    [204, 'success'],
    [304, 'success'],
    [400, 'client_error'],
    [404, 'client_error'],
    [500, 'server_error'],
    [502, 'server_error'],
  ])('answered with %d has the signal %s', async (status, signal) => {
    const server = await aServer((_, response) => response.writeHead(status).end());
    expect((await http({ url: server.origin }, { allow: [server.host] })).signal).toBe(signal);
  });

  test.each([429, 503])('answered with %d is tried again', async (status) => {
    const server = await aServer((_, response) => response.writeHead(status).end());
    const attempt = http({ url: server.origin, method: 'POST' }, { allow: [server.host] });
    await expect(attempt).rejects.toMatchObject({ reason: 'transient/agent', entry: { retryable: true } });
  });

  test('a body that is no text is kept in base64, one that is not the JSON that it says stays text', async () => {
    const bytes = Buffer.from([0xff, 0x00, 0x80]);
    const binary = await aServer((_, response) => response.end(bytes));
    expect((await http({ url: binary.origin }, { allow: [binary.host] })).output).toMatchObject({
      bodyBase64: bytes.toString('base64'),
    });
    const wrong = await aServer((_, response) => response.setHeader('content-type', 'application/json').end('{"a"'));
    const { output } = await http({ url: wrong.origin }, { allow: [wrong.host] });
    expect(output).toMatchObject({ body: '{"a"' });
    expect(output).not.toHaveProperty('json');
  });

  test('cookies are not recorded', async () => {
    const server = await aServer((_, response) => response.setHeader('set-cookie', 'session=1').end());
    const { output } = await http({ url: server.origin }, { allow: [server.host] });
    expect(JSON.stringify(output)).not.toContain('session');
  });
});

describe('H1: the allow-list', () => {
  test('is empty by default: every request is refused before anything is sent', async () => {
    const server = await aServer((_, response) => response.end());
    await expect(http({ url: server.origin })).rejects.toMatchObject({
      reason: 'forbidden/host',
      message: expect.stringContaining(server.host),
    });
    await expect(http({ url: 'https://example.com/' }, { allow: [server.host] })).rejects.toMatchObject({
      reason: 'forbidden/host',
    });
    expect(server.received).toEqual([]);
  });

  test('names the port, unless it is the usual one', async () => {
    const server = await aServer((_, response) => response.end());
    for (const allow of ['127.0.0.1', '127.0.0.1:1'])
      await expect(http({ url: server.origin }, { allow: [allow] })).rejects.toMatchObject({
        reason: 'forbidden/host',
      });
    expect((await http({ url: server.origin }, { allow: ['127.0.0.1:1', server.host] })).signal).toBe('success');
  });

  test('sees an address however it is written', async () => {
    const server = await aServer((_, response) => response.end('here'));
    const url = `http://0x7f.1:${server.port}/`;
    expect((await http({ url }, { allow: [server.host] })).output).toMatchObject({ body: 'here' });
    await expect(http({ url })).rejects.toMatchObject({ message: expect.stringContaining('127.0.0.1') });
  });

  test('localhost may be on the list by its name', async () => {
    const server = await aServer((_, response) => response.end('here'));
    const call = { url: `http://localhost:${server.port}` };
    const { output } = await http(call, { allow: [`localhost:${server.port}`] });
    expect(output).toMatchObject({ body: 'here' });
  });

  test('another name that leads to a private address is not enough', async ({ skip }) => {
    const name = hostname();
    const address = await lookup(name).catch(() => undefined); // a machine need not know its own name
    skip(
      address === undefined || !isPrivateAddress(address.address),
      'this machine has no name with a private address',
    );
    const server = await aServer((_, response) => response.end('here'), address?.address);
    const call = { url: `http://${name}:${server.port}` };
    const entry = `${name}:${server.port}`;
    await expect(http(call, { allow: [entry] })).rejects.toMatchObject({ reason: 'forbidden/address' });
    expect(server.received).toEqual([]);
    expect((await http(call, { allow: [entry, server.host] })).output).toMatchObject({ body: 'here' });
  });

  test('a password in the address and another scheme are refused', async () => {
    for (const url of ['http://user:pass@127.0.0.1/', 'ftp://127.0.0.1/', 'file:///etc/passwd', 'nothing'])
      await expect(http({ url }, { allow: ['127.0.0.1'] })).rejects.toMatchObject({
        reason: 'invalid_argument/agent_input',
      });
  });
});

describe('redirects', () => {
  test('are followed inside the allow-list', async () => {
    const server = await aServer((request, response) =>
      request.url === '/end' ? response.end('there') : response.writeHead(302, { location: '/end' }).end(),
    );
    const { output } = await http({ url: `${server.origin}/begin` }, { allow: [server.host] });
    expect(output).toMatchObject({ status: 200, body: 'there', url: `${server.origin}/end` });
  });

  test('out of it are refused, and nothing is sent there', async () => {
    const other = await aServer((_, response) => response.end('secret'));
    const server = await aServer((_, response) => response.writeHead(302, { location: other.origin }).end());
    await expect(http({ url: server.origin }, { allow: [server.host] })).rejects.toMatchObject({
      reason: 'forbidden/host',
      message: expect.stringContaining(other.host),
    });
    expect(other.received).toEqual([]);
  });

  test('to another host lose what was meant for the first', async () => {
    const other = await aServer((_, response) => response.end());
    const server = await aServer((_, response) => response.writeHead(307, { location: other.origin }).end());
    const headers = { authorization: 'Bearer x', 'x-key': { secret: 'KEY' }, 'x-plain': 'y' };
    const environment = { VLTAIR_SECRET_KEY: 'deep-secret' };
    const call = { url: server.origin, method: 'PUT', body: 'text', headers };
    await http(call, { allow: [server.host, other.host], environment });
    expect(server.received[0]?.headers).toMatchObject({ authorization: 'Bearer x', 'x-key': 'deep-secret' });
    expect(other.received).toMatchObject([{ method: 'PUT', body: 'text', headers: { 'x-plain': 'y' } }]);
    expect(other.received[0]?.headers).not.toHaveProperty('authorization');
    expect(other.received[0]?.headers).not.toHaveProperty('x-key');
  });

  test.each([
    ['POST', 302, 'GET', ''],
    ['POST', 303, 'GET', ''],
    ['PUT', 303, 'GET', ''],
    ['PUT', 302, 'PUT', 'text'],
    ['POST', 308, 'POST', 'text'],
  ])('%s with %d goes on as %s', async (method, status, next, body) => {
    const server = await aServer((request, response) =>
      request.url === '/end' ? response.end() : response.writeHead(status, { location: '/end' }).end(),
    );
    await http({ url: server.origin, method, body: 'text' }, { allow: [server.host] });
    expect(server.received[1]).toMatchObject({ method: next, body });
  });

  test('without end end', async () => {
    const server = await aServer((_, response) => response.writeHead(302, { location: '/' }).end());
    await expect(http({ url: server.origin }, { allow: [server.host] })).rejects.toMatchObject({
      reason: 'fatal/agent',
    });
    expect(server.received).toHaveLength(6);
  });
});

describe('secrets', () => {
  test('are looked up when the request is sent, and come back from it nowhere', async () => {
    const server = await aServer((request, response) =>
      response
        .setHeader('x-echo', String(request.headers['authorization']))
        .end(`you said ${request.headers['authorization']}`),
    );
    const call = { url: server.origin, headers: { Authorization: { secret: 'TOKEN', prefix: 'Bearer ' } } };
    const environment = { VLTAIR_SECRET_TOKEN: 'deep-secret' };
    const recorded: unknown[] = [];
    const context = aContext();
    const effect: typeof context.effect = async (spec, act) => {
      const value = await context.effect(spec, act);
      recorded.push(spec, value);
      return value;
    };
    const { output } = await http(call, { allow: [server.host], environment, context: { ...context, effect } });
    expect(server.received[0]?.headers['authorization']).toBe('Bearer deep-secret');
    expect(output).toMatchObject({ body: 'you said Bearer <<REDACTED>>' });
    expect(recorded).toHaveLength(2);
    expect(JSON.stringify([recorded, output])).not.toContain('deep-secret');
    await expect(http(call, { allow: [server.host] })).rejects.toMatchObject({ reason: 'not_found/secret' });
  });
});

test('a secret in an answer that is no text is hidden, too', async () => {
  const server = await aServer((request, response) =>
    response.end(Buffer.concat([Buffer.from([0xff]), Buffer.from(String(request.headers['x-key']))])),
  );
  const call = { url: server.origin, headers: { 'x-key': { secret: 'KEY' } } };
  const { output } = await http(call, { allow: [server.host], environment: { VLTAIR_SECRET_KEY: 'deep-secret' } });
  const expected = Buffer.concat([Buffer.from([0xff]), Buffer.from('<<REDACTED>>')]);
  expect(output['bodyBase64']).toBe(expected.toString('base64'));
});

describe('how often a request happens', () => {
  test.each<[string, JsonObject, string]>([
    ['GET', {}, 'repeatable'],
    ['HEAD', {}, 'repeatable'],
    ['POST', {}, 'once'],
    ['DELETE', {}, 'once'],
    ['POST', { idempotencyKey: true }, 'keyed'],
  ])('%s %j: %s', async (method, more, policy) => {
    const server = await aServer((_, response) => response.end());
    const context = aContext();
    const policies: unknown[] = [];
    const effect: typeof context.effect = async (spec, act) => (
      policies.push(spec.policy),
      await context.effect(spec, act)
    );
    const call = { url: server.origin, method, ...more };
    await http(call, { allow: [server.host], context: { ...context, effect } });
    await http(call, { allow: [server.host], context });
    expect(policies).toEqual([policy]);
    const keys = server.received.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toEqual(
      policy === 'keyed' ? [expect.stringMatching(/^[0-9a-f]{64}$/), keys[0]] : [undefined, undefined],
    );
  });

  test('a connection that is refused is tried again, whatever the method', async () => {
    const server = await aServer((_, response) => response.end());
    const port = await aFreePort();
    for (const method of ['GET', 'POST'])
      await expect(
        http({ url: `http://127.0.0.1:${port}`, method }, { allow: [`127.0.0.1:${port}`] }),
      ).rejects.toMatchObject({
        reason: 'transient/agent',
        message: expect.stringContaining('ECONNREFUSED'),
      });
    expect(server.received).toEqual([]);
  });

  test('a connection that breaks is tried again where that is harmless alone', async () => {
    const server = await aServer((request) => request.socket.destroy());
    const call = (more: JsonObject) => http({ url: server.origin, ...more }, { allow: [server.host] });
    await expect(call({})).rejects.toMatchObject({ reason: 'transient/agent' });
    await expect(call({ method: 'POST', idempotencyKey: true })).rejects.toMatchObject({ reason: 'transient/agent' });
    await expect(call({ method: 'POST' })).rejects.toMatchObject({
      reason: 'fatal/agent',
      message: expect.stringContaining('not known whether the request arrived'),
    });
  });

  test('what does not speak HTTP is not asked again', async () => {
    const server = createTcpServer((socket) => socket.end('SSH-2.0-something\r\n'));
    onTestFinished(() => void server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address();
    const host = `127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`;
    await expect(http({ url: `http://${host}` }, { allow: [host] })).rejects.toMatchObject({ reason: 'fatal/agent' });
  });
});

test('an answer in another protocol ends the request', async () => {
  const answer = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n';
  const server = createTcpServer((socket) => socket.on('error', () => {}).end(answer)); // it is cut off
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const host = `127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`;
  const attempt = http({ url: `http://${host}` }, { allow: [host] });
  await expect(attempt).rejects.toMatchObject({
    reason: 'fatal/agent',
    message: expect.stringContaining('another protocol'),
  });
});

describe('bounds', () => {
  test('an answer that is too large is cut off', async () => {
    const server = await aServer((_, response) => response.end(Buffer.alloc(100_000)));
    const call = http({ url: server.origin, maxBytes: 1_000 }, { allow: [server.host] });
    await expect(call).rejects.toMatchObject({ reason: 'payload_too_large/response' });
    const fits = await http({ url: server.origin, maxBytes: 100_000 }, { allow: [server.host] });
    expect(fits.output['body']).toHaveLength(100_000);
  });

  test('the effect has three clocks', async () => {
    const context = aContext();
    const clocks: unknown[] = [];
    const effect: typeof context.effect = async (spec, act) => (
      clocks.push(spec.clocks),
      await context.effect(spec, act)
    );
    const server = await aServer((_, response) => response.end());
    const times = { timeoutMs: 9_000, firstByteMs: 5_000, idleMs: 20_000 };
    await http({ url: server.origin, ...times }, { allow: [server.host], context: { ...context, effect } });
    expect(clocks).toEqual([{ total: 9_000, firstFrame: 5_000, betweenFrames: 9_000 }]);
  });

  test('a request that is cancelled ends at once', async () => {
    const controller = new AbortController();
    const server = await aServer(() => setTimeout(() => controller.abort(), 20));
    const call = { url: server.origin, timeoutMs: 60_000 };
    const attempt = http(call, { allow: [server.host], context: aContext({ signal: controller.signal }) });
    const begin = performance.now();
    await expect(attempt).rejects.toThrow(/ABORT/i);
    expect(performance.now() - begin).toBeLessThan(500);
  });
});

test.each<[string, JsonObject]>([
  ['no URL', {}],
  ['a method that does not exist', { url: 'http://a.example', method: 'FETCH' }],
  ['a body with GET', { url: 'http://a.example', body: 'x' }],
  ['a header of the connection', { url: 'http://a.example', headers: { Host: 'b.example' } }],
  ['a header with a line break in its name', { url: 'http://a.example', headers: { 'a\nb': 'x' } }],
  ['an unknown field', { url: 'http://a.example', query: {} }],
])('%s is refused', async (_, input) => {
  await expect(http(input, { allow: ['a.example'] })).rejects.toMatchObject({ reason: 'invalid_argument/agent_input' });
});

async function aFreePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}
