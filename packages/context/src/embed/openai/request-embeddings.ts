import { REDACTED, sanitizeText, VltairError } from '@vltair/protocol';
import { errorTextIn, vectorsOf } from './reply.ts';
import type { Endpoint } from './settings.ts';
import { Watch } from './watch.ts';

/** One request did not do, and another may. */
export class TryAgain extends Error {
  override readonly name = 'TryAgain';
  /** What it comes to when nobody tries again. */
  readonly reason: 'unavailable/embedder' | 'timeout/call';
  /** The Retry-After of the answer, as it stands there. */
  readonly retryAfter: string | undefined;

  constructor(reason: TryAgain['reason'], detail: string, { retryAfter, cause }: TryAgainFacts = {}) {
    super(detail, { cause });
    this.reason = reason;
    this.retryAfter = retryAfter;
  }
}

interface TryAgainFacts {
  readonly retryAfter?: string | undefined;
  readonly cause?: unknown;
}

const TIMED_OUT_OR_BUSY: readonly number[] = [408, 425, 429];
const REFUSES_THE_KEY: readonly number[] = [401, 403];
/** Of what the endpoint says is wrong. */
const MAX_ERROR_TEXT = 200;

/**
 * The vectors of one batch, by one request.
 *
 * @throws TryAgain for 408, 425, 429, 5xx, a cut connection and a timeout; VltairError `fatal/embedder` for any other
 *   answer that is not what was asked for; the reason of the signal
 */
export async function requestEmbeddings(
  endpoint: Endpoint,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<readonly Float32Array[]> {
  const { status, retryAfter, body } = await exchange(endpoint, texts, signal);
  if (status === 200) return vectorsOf(body, texts.length, endpoint.dimension);
  const detail = `${endpoint.url.host} answers ${status}${explanation(endpoint, status, body)}`;
  if (status < 500 && !TIMED_OUT_OR_BUSY.includes(status)) throw new VltairError('fatal/embedder', { detail });
  throw new TryAgain('unavailable/embedder', detail, { retryAfter });
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

async function exchange(endpoint: Endpoint, texts: readonly string[], signal: AbortSignal): Promise<Answer> {
  const watch = new Watch(endpoint.limits, signal);
  try {
    const response = await fetch(endpoint.url, {
      method: 'POST',
      headers: endpoint.headers,
      body: JSON.stringify(questionOf(endpoint, texts)),
      redirect: 'manual',
      signal: watch.signal,
    });
    watch.sawBytes();
    const body = await readText(response, endpoint.limits.replyBytes, watch);
    return { status: response.status, retryAfter: response.headers.get('retry-after') ?? undefined, body };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof VltairError) throw error;
    if (watch.timeout !== undefined) throw new TryAgain('timeout/call', watch.timeout, { cause: error });
    throw new TryAgain('unavailable/embedder', networkProblem(endpoint, error), { cause: error });
  } finally {
    watch.end();
  }
}

function questionOf({ model, dimension, sendsDimension }: Endpoint, texts: readonly string[]): object {
  const question = { model, input: texts, encoding_format: 'float' };
  return sendsDimension ? { ...question, dimensions: dimension } : question;
}

async function readText(response: Response, maxBytes: number, watch: Watch): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    watch.sawBytes();
    bytes += part.length;
    if (bytes > maxBytes)
      throw new VltairError('payload_too_large/response', { detail: `more than ${maxBytes} bytes` });
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

/** fetch hides what happened in the cause of its own error. */
function networkProblem({ url }: Endpoint, error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const hasCode = cause instanceof Error && 'code' in cause;
  return `${url.host}: ${hasCode ? String(cause.code) : 'the connection failed'}`;
}

/** What the endpoint says, short and without secrets. What it says of a key may quote the key in part, and is left out. */
function explanation({ apiKey }: Endpoint, status: number, body: string): string {
  const text = REFUSES_THE_KEY.includes(status) ? undefined : errorTextIn(body);
  if (text === undefined) return '';
  const keyless = apiKey === undefined ? text : text.replaceAll(apiKey, REDACTED);
  return `: ${sanitizeText(keyless).replace(/\s+/g, ' ').slice(0, MAX_ERROR_TEXT)}`;
}
