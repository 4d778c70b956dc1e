import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';

/** A connection in the middle, which can be cut at the moment of a COMMIT. */
export interface CuttingProxy {
  readonly url: string;
  /** The next COMMIT is not passed on (`before`), or its answer is not (`after`); then everything is cut. */
  cutNextCommit(when: 'before' | 'after'): void;
  /** Resets every connection now, whatever it carries. */
  cutAll(): void;
  /** How many times it has cut. */
  cuts(): number;
  close(): Promise<void>;
}

export async function aCuttingProxy(target: string): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let armed: 'before' | 'after' | undefined;
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let isDeaf = false;
    const cut = (): void => {
      cuts += 1;
      armed = undefined;
      client.destroy();
      upstream.destroy();
    };
    client.on('data', (data) => {
      const isCommit = armed !== undefined && data.includes('COMMIT\0');
      if (isCommit && armed === 'before') return cut();
      if (isCommit) isDeaf = true;
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (!isDeaf) client.write(data);
      else if (data.includes('COMMIT\0')) cut();
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on('close', () => other.destroy());
      one.on('error', () => other.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the proxy has no port');
  const url = new URL(target);
  url.port = String(address.port);
  return {
    url: url.href,
    cutNextCommit: (when) => (armed = when),
    cutAll: () => {
      for (const socket of sockets) socket.resetAndDestroy();
      sockets.clear();
    },
    cuts: () => cuts,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
