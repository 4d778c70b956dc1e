import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { VltairError } from '@vltair/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { verifies } from '../../../../../e2e/verifies.ts';
import { openAiEmbedder } from './openai-embedder.ts';
import type { OpenAiSettings } from './settings.ts';

interface Request {
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: { readonly input: readonly string[]; readonly [member: string]: unknown };
}
type Play = (request: Request, response: ServerResponse, number: number) => unknown;

const servers = new Set<() => Promise<void>>();
afterEach(async () => {
  for (const close of servers) await close();
  servers.clear();
});

/** An endpoint of this machine that plays what the test tells it to. */
async function endpoint(play: Play): Promise<{ readonly baseUrl: string; readonly requests: Request[] }> {
  const requests: Request[] = [];
  const server = createServer((message, response) => {
    void requestOf(message).then((request) => play(request, response, requests.push(request)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.add(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, requests };
}

async function requestOf(message: IncomingMessage): Promise<Request> {
  const parts: Buffer[] = [];
  for await (const part of message as AsyncIterable<Buffer>) parts.push(part);
  const body = JSON.parse(Buffer.concat(parts).toString()) as Request['body'];
  return { url: message.url, authorization: message.headers.authorization, body };
}

/** The vector that the played model has for a text: its length, and where it comes first in the alphabet. */
const modelled = (text: string): readonly number[] => [text.length, text.charCodeAt(0), 0.5];
const expected = (texts: readonly string[]): readonly Float32Array[] =>
  texts.map((text) => Float32Array.from(modelled(text)));

const answer = (response: ServerResponse, status: number, body: unknown, headers = {}): unknown =>
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
const items = (texts: readonly string[]): { index: number; embedding: unknown }[] =>
  texts.map((text, index) => ({ index, embedding: modelled(text) }));
const good: Play = ({ body }, response) => answer(response, 200, { object: 'list', data: items(body.input) });

/** Waits that take no time and are written down, at a chance of one half. */
function embedderAt(baseUrl: string, settings: Partial<OpenAiSettings> = {}) {
  const pauses: number[] = [];
  const backoff = {
    now: () => Date.parse('2026-01-01T00:00:00Z'),
    pause: (milliseconds: number) => Promise.resolve(pauses.push(milliseconds)),
    random: () => 0.5,
  };
  const embedder = openAiEmbedder({ baseUrl, model: 'm', dimension: 3, backoff, ...settings });
  return {
    embedder,
    pauses,
    embed: (texts: readonly string[], signal?: AbortSignal) => embedder.embed(texts, { signal }),
  };
}

const failing = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a request', () => {
  test('asks the endpoint below the base URL for the model, with the key as bearer', async () => {
    verifies('S-36');
    const { baseUrl, requests } = await endpoint(good);
    const { embedder, embed } = embedderAt(`${baseUrl}/`, { apiKey: 'k-123' });
    expect(await embed(['one', 'three'])).toEqual(expected(['one', 'three']));
    expect(requests).toEqual([
      {
        url: '/v1/embeddings',
        authorization: 'Bearer k-123',
        body: { model: 'm', input: ['one', 'three'], encoding_format: 'float' },
      },
    ]);
    expect(embedder).toMatchObject({ id: 'openai:m-1/3', dimension: 3 });
  });

  test('has no key when there is none, and the dimension when it is wanted', async () => {
    const { baseUrl, requests } = await endpoint(good);
    const { embedder, embed } = embedderAt(baseUrl, { sendsDimension: true, generation: 2 });
    await embed(['a']);
    expect(requests[0]).toMatchObject({ authorization: undefined, body: { dimensions: 3 } });
    expect(embedder.id).toBe('openai:m-2/3');
  });

  test('holds so many texts and characters, and vectors come back in the order of the texts', async () => {
    const { baseUrl, requests } = await endpoint(({ body }, response, number) =>
      setTimeout(() => answer(response, 200, { data: items(body.input) }), number === 1 ? 50 : 0),
    );
    const texts = ['a', 'bb', 'ccc', 'dddddddddddd', 'e', 'ffffffff', 'g'];
    const { embed } = embedderAt(baseUrl, { limits: { batchTexts: 2, batchCharacters: 8, concurrency: 3 } });
    expect(await embed(texts)).toEqual(expected(texts));
    expect(new Set(requests.map(({ body }) => body.input.join(' ')))).toEqual(
      new Set(['a bb', 'ccc', 'dddddddddddd', 'e', 'ffffffff', 'g']),
    );
  });

  test('is one of so many at a time', async () => {
    let open = 0;
    let most = 0;
    const { baseUrl } = await endpoint(({ body }, response) => {
      open += 1;
      most = Math.max(most, open);
      setTimeout(() => {
        open -= 1;
        answer(response, 200, { data: items(body.input) });
      }, 20);
    });
    const texts = Array.from({ length: 9 }, (_, index) => `t${index}`);
    await embedderAt(baseUrl, { limits: { batchTexts: 1, concurrency: 3 } }).embed(texts);
    expect(most).toBe(3);
  });

  test('carries a long text up to its limit, lone surrogates mended, and no blank one', async () => {
    const { baseUrl, requests } = await endpoint(good);
    const { embed } = embedderAt(baseUrl, { limits: { textCharacters: 5 } });
    await embed(['abcdefgh', 'x\ud800y']);
    expect(requests[0]?.body.input).toEqual(['abcde', 'x\ufffdy']);
    await expect(embed(['fine', '  '])).rejects.toThrow(new VltairError('invalid_argument/empty_text'));
    expect(await embed([])).toEqual([]);
    expect(requests).toHaveLength(1);
  });
});

describe('an answer', () => {
  test('may have its vectors in any order and as base64', async () => {
    const { baseUrl } = await endpoint(({ body }, response) => {
      const data = items(body.input).map(({ index, embedding }) => ({
        index,
        embedding: Buffer.from(Float32Array.from(embedding as number[]).buffer).toString('base64'),
      }));
      answer(response, 200, { data: data.toReversed(), usage: { total_tokens: 3 } });
    });
    expect(await embedderAt(baseUrl).embed(['a', 'bb', 'ccc'])).toEqual(expected(['a', 'bb', 'ccc']));
  });

  const vector = [1, 2, 3];
  test.each([
    ['fewer vectors', { data: [{ index: 0, embedding: vector }] }, '2 texts, 1 vectors'],
    ['more vectors', { data: [0, 1, 2].map((index) => ({ index, embedding: vector })) }, '2 texts, 3 vectors'],
    ['one index twice', { data: [0, 0].map((index) => ({ index, embedding: vector })) }, 'no vector has the index 1'],
    ['an index too far', { data: [0, 2].map((index) => ({ index, embedding: vector })) }, 'no vector has the index 1'],
    ['no index', { data: [{ embedding: vector }, { embedding: vector }] }, 'another form at data.0.index'],
    ['another dimension', both([1, 2, 3, 4]), 'vector 0: .*expected 3 elements, got 4'],
    ['a text as element', both([1, '2', 3]), 'another form at data.0.embedding'],
    ['a null as element', both([1, null, 3]), 'another form at data.0.embedding'],
    ['a zero vector', both([0, 0, 0]), 'vector 0: .*all elements are zero'],
    ['a number too large', both([1e39, 0, 0]), 'vector 0: .*element 0 is not finite'],
    ['NaN in base64', both(base64([Number.NaN, 1, 1])), 'vector 0: .*element 0 is not finite'],
    ['base64 of another length', both(base64([1, 2])), 'vector 0: .*expected 3 elements, got 2'],
    ['base64 cut inside a number', both(Buffer.alloc(11, 1).toString('base64')), 'cut inside a number'],
    ['what is no base64', both('~~~~'), 'another form at data.0.embedding'],
    ['no data', { vectors: [] }, 'another form at data'],
    ['a list', [], 'another form at'],
  ])('with %s is refused, and not asked for again', async (_, body, detail) => {
    verifies('S-36');
    const { baseUrl, requests } = await endpoint((_request, response) => answer(response, 200, body));
    const error = await failing(embedderAt(baseUrl).embed(['a', 'b']));
    expect(error).toMatchObject({ reason: 'fatal/embedder', message: expect.stringMatching(detail) });
    expect(requests).toHaveLength(1);
  });

  test('that is not JSON is refused without being quoted', async () => {
    const { baseUrl } = await endpoint((_, response) => response.end('{"data": [NaN, "sesame"'));
    const error = await failing(embedderAt(baseUrl).embed(['a']));
    expect(error).toMatchObject({ reason: 'fatal/embedder', message: expect.stringContaining('not JSON') });
    expect(inspect(error, { depth: 9 })).not.toContain('sesame');
  });

  test('that is too large is left', async () => {
    const { baseUrl } = await endpoint((_, response) => response.end('x'.repeat(5000)));
    const error = await failing(embedderAt(baseUrl, { limits: { replyBytes: 4999 } }).embed(['a']));
    expect(error).toMatchObject({ reason: 'payload_too_large/response' });
  });

  test('that leads elsewhere is not followed', async () => {
    const elsewhere = await endpoint(good);
    const { baseUrl } = await endpoint((_, response) =>
      answer(response, 307, {}, { location: `${elsewhere.baseUrl}/embeddings` }),
    );
    const error = await failing(embedderAt(baseUrl).embed(['a']));
    expect(error).toMatchObject({ reason: 'fatal/embedder', message: expect.stringContaining('answers 307') });
    expect(elsewhere.requests).toEqual([]);
  });

  test('that refuses says why', async () => {
    const { baseUrl, requests } = await endpoint((_, response) =>
      answer(response, 404, { error: { message: 'model "m" not found,\ntry pulling it first' } }),
    );
    await expect(embedderAt(baseUrl).embed(['a'])).rejects.toThrow(
      /answers 404: model "m" not found, try pulling it first$/,
    );
    expect(requests).toHaveLength(1);
  });
});

describe('another attempt', () => {
  const failingFirst =
    (failures: number, fail: (response: ServerResponse) => unknown): Play =>
    (request, response, number) =>
      number <= failures ? fail(response) : good(request, response, number);

  test.each([408, 429, 500, 503])('follows a %i, after a wait that doubles', async (status) => {
    const { baseUrl } = await endpoint(failingFirst(3, (response) => answer(response, status, {})));
    const { embed, pauses } = embedderAt(baseUrl);
    expect(await embed(['a'])).toEqual(expected(['a']));
    expect(pauses).toEqual([375, 750, 1500]);
  });

  test('waits as the chance has it, and no longer than the limit', async () => {
    const { baseUrl } = await endpoint(failingFirst(3, (response) => answer(response, 500, {})));
    const pauses: number[] = [];
    const backoff = { random: () => 0, pause: (wait: number) => Promise.resolve(pauses.push(wait)) };
    await embedderAt(baseUrl, { backoff, limits: { waitMs: 900 } }).embed(['a']);
    expect(pauses).toEqual([250, 450, 450]);
  });

  test.each([
    ['7', 7000],
    ['0', 0],
    ['Thu, 01 Jan 2026 00:00:05 GMT', 5000],
    ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
    ['soon', 375],
  ])('waits as a Retry-After of %s says', async (value, wait) => {
    const { baseUrl } = await endpoint(
      failingFirst(1, (response) => answer(response, 429, {}, { 'retry-after': value })),
    );
    const { embed, pauses } = embedderAt(baseUrl);
    await embed(['a']);
    expect(pauses).toEqual([wait]);
  });

  test('is not made when the endpoint asks for a longer wait than the limit', async () => {
    const { baseUrl, requests } = await endpoint((_, response) => answer(response, 429, {}, { 'retry-after': '3600' }));
    const error = await failing(embedderAt(baseUrl).embed(['a']));
    expect(error).toMatchObject({
      reason: 'unavailable/embedder',
      message: expect.stringMatching(/answers 429 \(1 attempt, asks to wait 3600 s\)$/),
    });
    expect(requests).toHaveLength(1);
  });

  test('is one of so many', async () => {
    const { baseUrl, requests } = await endpoint((_, response) => answer(response, 500, { error: 'out of memory' }));
    const { embed, pauses } = embedderAt(baseUrl, { limits: { attempts: 3 } });
    const error = await failing(embed(['a']));
    expect(error).toMatchObject({
      reason: 'unavailable/embedder',
      message: expect.stringMatching(/answers 500: out of memory \(3 attempts\)$/),
    });
    expect(requests).toHaveLength(3);
    expect(pauses).toHaveLength(2);
  });

  test('follows a connection that is cut', async () => {
    const { baseUrl } = await endpoint(
      failingFirst(2, (response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{"data"');
        setTimeout(() => response.destroy(), 10);
      }),
    );
    const { embed, pauses } = embedderAt(baseUrl);
    expect(await embed(['a'])).toEqual(expected(['a']));
    expect(pauses).toHaveLength(2);
  });

  test('does not help when nobody listens', async () => {
    const { baseUrl } = await endpoint(good);
    for (const close of servers) await close();
    const error = await failing(embedderAt(baseUrl).embed(['a']));
    expect(error).toMatchObject({
      reason: 'unavailable/embedder',
      message: expect.stringMatching(/127\.0\.0\.1:\d+: ECONNREFUSED \(4 attempts\)$/),
    });
  });
});

describe('an endpoint that takes too long', () => {
  const once1 = { attempts: 1 };

  test.each([
    ['does not answer', () => undefined],
    ['stops after the head', (response: ServerResponse) => response.writeHead(200).flushHeaders()],
    ['stops inside the body', (response: ServerResponse) => response.write('{"data":')],
  ])('and %s is left after the idle time', async (_, hang) => {
    const { baseUrl } = await endpoint((_request, response) => hang(response));
    const error = await failing(embedderAt(baseUrl, { limits: { ...once1, idleMs: 60 } }).embed(['a']));
    expect(error).toMatchObject({ reason: 'timeout/call', message: expect.stringContaining('nothing came for 60 ms') });
  });

  test('and drips is left after the time of the whole request', async () => {
    const { baseUrl } = await endpoint((_, response) => {
      const drip = setInterval(() => response.write(' '), 20);
      response.once('close', () => clearInterval(drip));
    });
    const limits = { ...once1, idleMs: 1000, requestMs: 200 };
    const error = await failing(embedderAt(baseUrl, { limits }).embed(['a']));
    expect(error).toMatchObject({ reason: 'timeout/call', message: expect.stringContaining('whole answer in 200 ms') });
  });

  test('and drips to an end has all the time between two drops', async () => {
    const { baseUrl } = await endpoint(({ body }, response) => {
      const text = JSON.stringify({ data: items(body.input) });
      const parts = text.match(/.{1,12}/g) ?? [];
      for (const [index, part] of parts.entries()) setTimeout(() => response.write(part), index * 60);
      setTimeout(() => response.end(), parts.length * 60);
    });
    expect(await embedderAt(baseUrl, { limits: { ...once1, idleMs: 180 } }).embed(['a'])).toEqual(expected(['a']));
  });

  test('is asked again', async () => {
    const { baseUrl } = await endpoint((request, response, number) =>
      number === 1 ? undefined : good(request, response, number),
    );
    expect(await embedderAt(baseUrl, { limits: { idleMs: 60 } }).embed(['a'])).toEqual(expected(['a']));
  });
});

describe('giving up', () => {
  test('ends a request that is under way, with the reason of the signal', async () => {
    const stop = new AbortController();
    const closed = Promise.withResolvers<void>();
    const { baseUrl } = await endpoint((_, response) => {
      response.once('close', () => closed.resolve());
      stop.abort(new Error('enough'));
    });
    await expect(embedderAt(baseUrl).embed(['a'], stop.signal)).rejects.toThrow('enough');
    await closed.promise;
  });

  test('ends a wait for another attempt', async () => {
    const stop = new AbortController();
    const { baseUrl } = await endpoint((_, response) => answer(response, 429, {}, { 'retry-after': '20' }));
    const { embedder } = embedderAt(baseUrl, { backoff: {} });
    setTimeout(() => stop.abort(new Error('enough')), 100);
    const started = performance.now();
    await expect(embedder.embed(['a'], { signal: stop.signal })).rejects.toThrow('enough');
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test('before the start asks nobody', async () => {
    const { baseUrl, requests } = await endpoint(good);
    await expect(embedderAt(baseUrl).embed(['a'], AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    expect(requests).toEqual([]);
  });

  test('one batch ends the others and starts no more', async () => {
    const closed = Promise.withResolvers<void>();
    const { baseUrl, requests } = await endpoint(({ body }, response) => {
      if (body.input[0] === 'bad') setTimeout(() => answer(response, 400, {}), 50);
      else response.once('close', () => closed.resolve());
    });
    const { embed } = embedderAt(baseUrl, { limits: { batchTexts: 1, concurrency: 2 } });
    await expect(embed(['hangs', 'bad', 'never'])).rejects.toThrow('answers 400');
    await closed.promise;
    expect(new Set(requests.map(({ body }) => body.input[0]))).toEqual(new Set(['bad', 'hangs']));
  });
});

describe('the key', () => {
  const apiKey = 'hunter2-hunter2-hunter2';

  test.each([
    ['an answer that quotes it', 400],
    ['a refusal of it', 401],
    ['an endpoint that fails', 500],
  ])('stands in no error of %s', async (_, status) => {
    const { baseUrl } = await endpoint((_request, response) =>
      answer(response, status, { error: { message: `wrong: ${apiKey} (hunter2)` } }),
    );
    const error = await failing(embedderAt(baseUrl, { apiKey, limits: { attempts: 1 } }).embed(['a']));
    expect(error).toBeInstanceOf(VltairError);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(apiKey);
    expect(inspect(error, { depth: 9 }).includes('hunter2')).toBe(status !== 401);
  });

  test('stands in no error of the network and in no property', async () => {
    const { embedder } = embedderAt('http://127.0.0.1:1/v1', { apiKey, limits: { attempts: 1 } });
    expect(inspect(await failing(embedder.embed(['a'])), { depth: 9, showHidden: true })).not.toContain(apiKey);
    expect(inspect(embedder, { depth: 9, showHidden: true })).not.toContain(apiKey);
  });

  test('that no header can carry is refused without being quoted', () => {
    const create = (): unknown =>
      openAiEmbedder({ baseUrl: 'http://x/', model: 'm', dimension: 3, apiKey: `${apiKey}\n` });
    expect(create).toThrow(/apiKey has characters that no header can carry$/);
  });
});

test.each<[Partial<OpenAiSettings>, string]>([
  [{ baseUrl: '' }, 'baseUrl is no URL'],
  [{ baseUrl: 'ftp://host/' }, 'baseUrl is neither http nor https'],
  [{ baseUrl: 'http://user:pass@host/' }, 'baseUrl holds a password; give it as apiKey'],
  [{ model: ' ' }, 'model is empty'],
  [{ dimension: 0 }, 'dimension is a positive integer'],
  [{ generation: 0.5 }, 'generation is a positive integer'],
  [{ limits: { attempts: 0 } }, 'limits.attempts is a positive integer'],
])('settings with %j are refused: %s', (settings, detail) => {
  expect(() => openAiEmbedder({ baseUrl: 'http://x/', model: 'm', dimension: 3, ...settings })).toThrow(
    new VltairError('invalid_argument/embedder', { detail }),
  );
});

function both(embedding: unknown): unknown {
  return { data: [0, 1].map((index) => ({ index, embedding })) };
}

function base64(numbers: readonly number[]): string {
  return Buffer.from(Float32Array.from(numbers).buffer).toString('base64');
}
