import { VltairError } from '@vltair/protocol';
import { sendRequest, type HttpRequest, type HttpResponse, type Sending } from './send-request.ts';

export interface HttpAnswer extends HttpResponse {
  /** Where the answer came from. */
  readonly url: URL;
}

const MAX_REDIRECTS = 5;
/** Meant for the host that they were given for, and for no other; so is every header with a secret in it. */
const CREDENTIALS: readonly string[] = ['authorization', 'cookie', 'proxy-authorization'];

/**
 * Sends a request and follows where the answer points, within the allow-list.
 *
 * @throws VltairError as `sendRequest`, and `fatal/agent` for a chain that is too long.
 */
export async function followRedirects(
  request: HttpRequest,
  sending: Sending,
  secretHeaders: ReadonlySet<string>,
): Promise<HttpAnswer> {
  let current = request;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const response = await sendRequest(current, sending);
    const next = nextRequest(current, response, secretHeaders);
    if (next === undefined) return { ...response, url: current.url };
    current = next;
  }
  throw new VltairError('fatal/agent', { detail: `more than ${MAX_REDIRECTS} redirects from ${request.url.host}` });
}

/** What a redirect asks for, by RFC 9110; undefined for an answer that is none. */
function nextRequest(
  request: HttpRequest,
  { status, headers }: HttpResponse,
  secretHeaders: ReadonlySet<string>,
): HttpRequest | undefined {
  const { location } = headers;
  if (location === undefined || ![301, 302, 303, 307, 308].includes(status)) return undefined;
  if (!URL.canParse(location, request.url.href))
    throw new VltairError('fatal/agent', { detail: `${request.url.host} redirects to what is no URL` });
  const url = new URL(location, request.url);
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const becomesRead = !isRead && (status === 303 || (status < 303 && request.method === 'POST'));
  const stays = url.origin === request.url.origin;
  const dropped = (name: string): boolean =>
    (!stays && (CREDENTIALS.includes(name) || secretHeaders.has(name))) || (becomesRead && name.startsWith('content-'));
  return {
    url,
    method: becomesRead ? 'GET' : request.method,
    headers: Object.fromEntries(Object.entries(request.headers).filter(([name]) => !dropped(name))),
    body: becomesRead ? undefined : request.body,
  };
}
