import { setTimeout as wait } from 'node:timers/promises';
import { VltairError } from '@vltair/protocol';

/** An endpoint that speaks the OpenAI protocol for embeddings: Ollama under `/v1`, vLLM, and others. */
export interface OpenAiSettings {
  /** Where `/embeddings` lies below, e.g. `http://127.0.0.1:11434/v1`. There is no endpoint that is asked without it. */
  readonly baseUrl: string;
  readonly model: string;
  /** How many elements the model gives. Another number is refused. */
  readonly dimension: number;
  /** Raise it when the endpoint serves other weights under the same name: its vectors are then embedded anew. 1 unless told. */
  readonly generation?: number;
  /** Sent as the bearer; stands in no error, log or property. */
  readonly apiKey?: string;
  /** Whether the dimension is sent along, for models that can give several. No, unless told. */
  readonly sendsDimension?: boolean;
  readonly limits?: Partial<OpenAiLimits>;
  readonly backoff?: Partial<Backoff>;
}

export interface OpenAiLimits {
  /** Texts in one request. */
  readonly batchTexts: number;
  /** UTF-16 code units in one request; a single text may have more. */
  readonly batchCharacters: number;
  /** UTF-16 code units of one text that the model gets to see. */
  readonly textCharacters: number;
  /** Requests at a time. */
  readonly concurrency: number;
  /** From the start of a request to the end of its answer, in milliseconds. */
  readonly requestMs: number;
  /** Until the head of an answer, and between two parts of it, in milliseconds. */
  readonly idleMs: number;
  readonly replyBytes: number;
  /** Requests for one batch, the first one included. */
  readonly attempts: number;
  /** The longest wait before another attempt, in milliseconds. An endpoint that asks for a longer one is not asked again. */
  readonly waitMs: number;
}

/** The clock and the chance of waiting before another attempt. */
export interface Backoff {
  /** Milliseconds since 1970, to read a Retry-After that is a date. */
  readonly now: () => number;
  /** Ends early, by rejecting, when the signal is aborted. */
  readonly pause: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
}

const DEFAULT_LIMITS: OpenAiLimits = {
  batchTexts: 64,
  batchCharacters: 100_000,
  textCharacters: 32_768,
  concurrency: 2,
  requestMs: 60_000,
  idleMs: 20_000,
  replyBytes: 64 * 1024 * 1024,
  attempts: 4,
  waitMs: 30_000,
};

const SYSTEM_BACKOFF: Backoff = {
  now: () => Date.now(),
  pause: (milliseconds, signal) => wait(milliseconds, undefined, { signal }),
  random: () => Math.random(),
};

/** What requests are made from; checked. */
export interface Endpoint {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly apiKey: string | undefined;
  readonly model: string;
  readonly dimension: number;
  readonly sendsDimension: boolean;
  readonly limits: OpenAiLimits;
  readonly backoff: Backoff;
}

/** @throws VltairError `invalid_argument/embedder`, which never repeats the key or the URL: either may hold a secret */
export function endpointOf(settings: OpenAiSettings): Endpoint {
  const { model, dimension, apiKey, generation = 1 } = settings;
  const limits = { ...DEFAULT_LIMITS, ...settings.limits };
  demand(model.trim() !== '', 'model is empty');
  demand(isCount(dimension), 'dimension is a positive integer');
  demand(isCount(generation), 'generation is a positive integer');
  // fetch would name the whole header in its own error
  demand(apiKey === undefined || /^[\x21-\x7e]+$/.test(apiKey), 'apiKey has characters that no header can carry');
  for (const [name, value] of Object.entries(limits)) demand(isCount(value), `limits.${name} is a positive integer`);
  return {
    url: embeddingsUrl(settings.baseUrl),
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
    },
    apiKey,
    model,
    dimension,
    sendsDimension: settings.sendsDimension ?? false,
    limits,
    backoff: { ...SYSTEM_BACKOFF, ...settings.backoff },
  };
}

function embeddingsUrl(baseUrl: string): URL {
  demand(URL.canParse(baseUrl), 'baseUrl is no URL');
  const url = new URL(baseUrl);
  demand(url.protocol === 'http:' || url.protocol === 'https:', 'baseUrl is neither http nor https');
  demand(url.username === '' && url.password === '', 'baseUrl holds a password; give it as apiKey');
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/embeddings`;
  url.hash = '';
  return url;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

function demand(holds: boolean, detail: string): asserts holds {
  if (!holds) throw new VltairError('invalid_argument/embedder', { detail });
}
