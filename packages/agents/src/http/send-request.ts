import { lookup } from 'node:dns/promises';
import { request as requestHttp, type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { VltairError } from '@vltair/protocol';
import type { HostAllowList } from './host-allow-list.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Sending {
  readonly allowList: HostAllowList;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** The head of the answer has come, or a part of its body. */
  readonly onFrame: () => void;
  /** What has been sent may have arrived: sending it again may repeat what it does. */
  readonly onSent: () => void;
}

interface Address {
  readonly address: string;
  readonly family: number;
}

/**
 * Sends one request and follows nothing. Connects to an address that was checked, whatever the name means a moment later.
 *
 * @throws VltairError `forbidden/host`, `forbidden/address`, `payload_too_large/response`; what the network failed with.
 */
export async function sendRequest(request: HttpRequest, sending: Sending): Promise<HttpResponse> {
  const { allowList, maxBytes, signal, onFrame } = sending;
  allowList.check(request.url);
  const addresses = await Promise.race([addressesOf(request.url, allowList), abortOf(signal)]);
  signal.throwIfAborted();
  const message = await answerTo(request, addresses, sending);
  onFrame();
  const body = await readBody(message, maxBytes, onFrame);
  return { status: message.statusCode ?? 0, headers: message.headers, body };
}

/** Looking a name up cannot be stopped: it is left alone. */
function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** Those of the host that are allowed: where one does not answer, the next is tried. */
async function addressesOf(url: URL, allowList: HostAllowList): Promise<readonly [Address, ...(readonly Address[])]> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const found = isIP(host) === 0 ? await lookup(host, { all: true }) : [{ address: host, family: isIP(host) }];
  const [first, ...others] = found.filter(({ address }) => allowList.allowsAddress(url, address));
  if (first !== undefined) return [first, ...others];
  throw new VltairError('forbidden/address', {
    detail: `${url.host} is ${found.map(({ address }) => address).join(', ')}`,
  });
}

function answerTo(
  { method, url, headers, body }: HttpRequest,
  addresses: readonly [Address, ...(readonly Address[])],
  { signal, onSent }: Sending,
): Promise<IncomingMessage> {
  const options: RequestOptions = {
    method,
    headers: { 'accept-encoding': 'identity', ...headers, ...lengthOf(body) },
    signal,
    agent: false,
    lookup: (_host, { all }, callback) => {
      const [{ address, family }] = addresses;
      if (all === true) callback(null, [...addresses]);
      else callback(null, address, family);
    },
  };
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, options, resolve);
    request.once('error', reject);
    request.once('upgrade', (_, socket) => {
      socket.destroy();
      reject(new VltairError('fatal/agent', { detail: `${url.host} answers in another protocol` }));
    });
    request.once('socket', (socket) => socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', onSent));
    request.end(body);
  });
}

/** Node frames no body of a DELETE or an OPTIONS by itself: the host would take it for its next request. */
function lengthOf(body: string | undefined): Readonly<Record<string, string>> {
  return body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
}

async function readBody(message: IncomingMessage, maxBytes: number, onFrame: () => void): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    onFrame();
    size += chunk.length;
    if (size > maxBytes) throw new VltairError('payload_too_large/response', { detail: `more than ${maxBytes} bytes` });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
