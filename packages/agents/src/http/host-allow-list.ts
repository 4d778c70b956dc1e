import { VltairError } from '@vltair/protocol';
import { isPrivateAddress } from './private-address.ts';

interface AllowedHost {
  readonly host: string;
  /** Absent: the usual one of the scheme. */
  readonly port: number | undefined;
}

const USUAL_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/**
 * Where requests may go: hosts by name or address, each with a port or on the usual one. An empty list allows nothing.
 *
 * H1 A private address is reached only where the list names that address, or `localhost`: a name that somebody else can
 *    point at it is not enough.
 */
export class HostAllowList {
  readonly #entries: readonly AllowedHost[];

  /** Entries are `host` or `host:port`; an IPv6 address stands in brackets. @throws TypeError for what is neither. */
  constructor(entries: readonly string[]) {
    this.#entries = entries.map(parseEntry);
  }

  /** @throws VltairError `forbidden/host`, `invalid_argument/agent_input` */
  check(url: URL): void {
    const port = portOf(url);
    if (port === undefined || url.username !== '' || url.password !== '')
      throw new VltairError('invalid_argument/agent_input', { detail: 'url: http or https, without a password' });
    if (!this.#allows(url.hostname, url, port)) throw new VltairError('forbidden/host', { detail: url.host });
  }

  /** Whether the host of the URL may be connected to at this address. */
  allowsAddress(url: URL, address: string): boolean {
    if (!isPrivateAddress(address) || isLocal(url.hostname)) return true;
    const port = portOf(url);
    return port !== undefined && this.#allows(address.includes(':') ? `[${address}]` : address, url, port);
  }

  #allows(host: string, { protocol }: URL, port: number): boolean {
    return this.#entries.some((entry) => entry.host === host && (entry.port ?? USUAL_PORTS[protocol]) === port);
  }
}

function portOf({ protocol, port }: URL): number | undefined {
  const usual = USUAL_PORTS[protocol];
  return usual === undefined || port === '' ? usual : Number(port);
}

/** By RFC 6761 it leads nowhere else. */
function isLocal(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}

function parseEntry(entry: string): AllowedHost {
  const [, name = '', port] = /^(\[[0-9a-f:.]+\]|[^:/?#@*\s[\]]+)(?::(\d{1,5}))?$/i.exec(entry) ?? [];
  if (name === '' || !URL.canParse(`http://${name}/`)) throw new TypeError(`${JSON.stringify(entry)} is no host`);
  return { host: new URL(`http://${name}/`).hostname, port: port === undefined ? undefined : Number(port) };
}
