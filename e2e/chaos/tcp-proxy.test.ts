import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TcpProxy } from './tcp-proxy.ts';

let echo: Server;
let proxy: TcpProxy;
let client: Socket;

beforeEach(async () => {
  echo = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await TcpProxy.open({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port });
  client = createConnection({ host: '127.0.0.1', port: proxy.port });
  await once(client, 'connect');
});

afterEach(async () => {
  client.destroy();
  await proxy.close();
  echo.close();
});

async function echoed(text: string): Promise<string> {
  client.write(text);
  const [bytes] = (await once(client, 'data')) as [Buffer];
  return String(bytes);
}

test('bytes pass both ways', async () => {
  expect(await echoed('hello')).toBe('hello');
  expect(proxy.connections).toBe(1);
});

test('a delay holds each direction back that long, in order', async () => {
  proxy.setMode({ kind: 'delay', ms: 60 });
  const begin = performance.now();
  expect(await echoed('late')).toBe('late');
  expect(performance.now() - begin).toBeGreaterThan(115);
});

test('a black hole swallows nothing for good: what was sent arrives when it ends', async () => {
  proxy.setMode({ kind: 'blackhole' });
  const answer = echoed('held');
  expect(await Promise.race([answer, sleep(80, 'nothing')])).toBe('nothing');
  proxy.setMode({ kind: 'pass' });
  expect(await answer).toBe('held');
});

test('a cut resets the connection, and the next one passes', async () => {
  const failed = once(client, 'error') as Promise<[NodeJS.ErrnoException]>;
  proxy.cut();
  await expect(failed.catch((error: unknown) => [error])).resolves.toMatchObject([{ code: 'ECONNRESET' }]);
  client = createConnection({ host: '127.0.0.1', port: proxy.port });
  expect(await echoed('again')).toBe('again');
});

test('an end that closes closes the other one', async () => {
  const ended = once(client, 'close');
  client.end();
  await ended;
  expect(proxy.connections).toBe(0);
});
