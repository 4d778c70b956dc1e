import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { PostgresCluster } from './postgres-cluster.ts';
import { TcpProxy } from './tcp-proxy.ts';

const isPossible = PostgresCluster.isPossible() && spawnSync('psql', ['--version']).status === 0;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** What psql says, in the meantime of which this process serves the proxy. */
async function query(url: string, text: string): Promise<string> {
  const asked = promisify(execFile)('psql', [url, '-At', '-c', text], { timeout: 20_000 });
  return await asked.then(
    ({ stdout }) => stdout.trim(),
    (error: unknown) => String(error),
  );
}

test.skipIf(!isPossible)(
  'what was committed survives kill -9 of the whole server, also behind a proxy; needs PostgreSQL',
  async () => {
    const root = mkdtempSync(join(tmpdir(), 'vltair-cluster-'));
    chmodSync(root, 0o755);
    const port = await freePort();
    const cluster = await PostgresCluster.create({ directory: join(root, 'cluster'), port });
    const proxy = await TcpProxy.open({ host: '127.0.0.1', port });
    try {
      await cluster.start();
      expect(await query(cluster.url(), 'CREATE TABLE t (a int); INSERT INTO t VALUES (7) RETURNING a')).toContain('7');
      expect(cluster.processes().length).toBeGreaterThan(3);
      await cluster.kill();
      expect(cluster.processes()).toEqual([]);
      expect(await query(cluster.url(), 'SELECT 1')).toContain('refused');
      await cluster.start();
      expect(await query(cluster.url({ port: proxy.port }), 'SELECT a FROM t')).toBe('7');
      expect(await query(cluster.url(), 'SHOW fsync')).toBe('on');
    } finally {
      await proxy.close();
      await cluster.remove();
      rmSync(root, { recursive: true, force: true });
    }
    expect(existsSync(root)).toBe(false);
  },
);
