import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** How the proxy treats bytes now. `blackhole`: it takes them and passes nothing on; connections stay open. */
export type ProxyMode =
  { readonly kind: 'pass' } | { readonly kind: 'delay'; readonly ms: number } | { readonly kind: 'blackhole' };

/**
 * A TCP proxy on 127.0.0.1 whose network goes bad on demand. What was held back in a black hole is passed on, in order,
 * once it ends: TCP loses nothing, it is only late.
 */
export class TcpProxy {
  readonly #server: Server;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #pipes = new Set<Pipe>();
  #mode: ProxyMode = { kind: 'pass' };

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
    this.#server = createServer({ noDelay: true }, (client) => this.#join(client));
  }

  /** `path`: it listens on a socket file, which processes of other network namespaces reach as well. */
  static async open(target: { readonly host: string; readonly port: number }, path?: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    if (path === undefined) proxy.#server.listen(0, '127.0.0.1');
    else proxy.#server.listen(path);
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#pipes.size / 2;
  }

  setMode(mode: ProxyMode): void {
    this.#mode = mode;
    for (const pipe of this.#pipes) pipe.flow();
  }

  /** Resets every connection: both ends see ECONNRESET in the middle of whatever they do. */
  cut(): void {
    for (const pipe of this.#pipes) pipe.reset();
  }

  async close(): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, 'close');
  }

  #join(client: Socket): void {
    const server = createConnection({ ...this.#target, noDelay: true });
    const mode = (): ProxyMode => this.#mode;
    const pair = [new Pipe(client, server, mode), new Pipe(server, client, mode)];
    for (const pipe of pair) this.#pipes.add(pipe);
    const leave = (): void => {
      for (const pipe of pair) this.#pipes.delete(pipe);
    };
    for (const socket of [client, server]) {
      // An end that fails takes the other one with it; whoever is behind it hears of a reset.
      socket.on('error', () => pair[0]?.reset());
      socket.on('close', leave);
    }
  }
}

/** One direction of a connection. */
class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #mode: () => ProxyMode;
  readonly #held: { readonly bytes: Buffer; readonly since: number }[] = [];
  #hasEnded = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, mode: () => ProxyMode) {
    this.#from = from;
    this.#to = to;
    this.#mode = mode;
    from.on('data', (bytes) => {
      this.#held.push({ bytes, since: performance.now() });
      this.flow();
    });
    from.on('end', () => {
      this.#hasEnded = true;
      this.flow();
    });
    from.on('close', () => clearTimeout(this.#timer));
  }

  /** Passes on what may go now. */
  flow(): void {
    clearTimeout(this.#timer);
    const mode = this.#mode();
    if (mode.kind === 'blackhole') return;
    const delay = mode.kind === 'delay' ? mode.ms : 0;
    for (let first = this.#held[0]; first !== undefined; first = this.#held[0]) {
      const wait = first.since + delay - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.flow(), wait);
        return;
      }
      this.#held.shift();
      this.#to.write(first.bytes);
    }
    if (this.#hasEnded) this.#to.end();
  }

  reset(): void {
    drop(this.#from);
    drop(this.#to);
  }
}

/** A socket file has no reset: its other end sees that it is gone. */
function drop(socket: Socket): void {
  if (socket.localPort === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
