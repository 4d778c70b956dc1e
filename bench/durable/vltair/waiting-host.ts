import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A host that takes every request and answers none: whoever asks it waits, and takes nothing from the processors. */
export class WaitingHost implements AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly address: string;
  readonly #server: Server;
  #waiting = 0;

  static async listen(): Promise<WaitingHost> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new WaitingHost(server);
  }

  private constructor(server: Server) {
    this.#server = server;
    this.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (_, response) => {
      this.#waiting += 1;
      response.on('close', () => (this.#waiting -= 1));
    });
  }

  /** Requests whose senders wait at this moment. */
  get waiting(): number {
    return this.#waiting;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
