import { VltairError } from '@vltair/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { ngramEmbedder } from './ngram-embedder.ts';

const embedder = ngramEmbedder();

async function vectorFor(text: string, from = embedder): Promise<Float32Array> {
  const [vector] = await from.embed([text]);
  if (vector === undefined) throw new Error('no vector');
  return vector;
}

async function similarity(first: string, second: string): Promise<number> {
  const [a, b] = await Promise.all([vectorFor(first), vectorFor(second)]);
  return a.reduce((sum, element, index) => sum + element * (b[index] ?? 0), 0);
}

test('the id names generation, dimension and a seed of its own', () => {
  expect(embedder).toMatchObject({ id: 'ngram-1/384', dimension: 384 });
  expect(ngramEmbedder({ dimension: 64, seed: 7 })).toMatchObject({ id: 'ngram-1.seed7/64', dimension: 64 });
});

/** Recorded. Another result means another generation: raise it, or stored vectors are compared with strangers. */
test('the vectors of generation 1 are these, bit by bit', async () => {
  verifies('CE-13');
  const small = ngramEmbedder({ dimension: 8 });
  const bits = async (text: string, from = small): Promise<string> =>
    Buffer.from((await vectorFor(text, from)).buffer).toString('hex');
  expect(await bits('function parseHttpUrl2() { return 42; }')).toBe(
    'e50413be04af02bf1933fd3e2e9bafbea6b033be29fa103f04af823d04af02bd',
  );
  expect(await bits('Größe und Ελλάδα')).toBe('3b91ddbd000000000af10dbf6343f93d000000003b915dbe3b8e83becf683ebf');
  expect(await bits('?!')).toBe('0000000000000000000000000000803f00000000000000000000000000000000');
  expect(await bits('one', ngramEmbedder({ dimension: 8, seed: 0xdeadbeef }))).toBe(
    '000000000000000004ec1fbf0000000005e747bf000000000000000000000000',
  );
});

test('the same seed gives the same vectors, another one others', async () => {
  verifies('CE-13');
  const text = 'backoff clamp';
  expect(await vectorFor(text, ngramEmbedder({ seed: 5 }))).toEqual(await vectorFor(text, ngramEmbedder({ seed: 5 })));
  expect(await vectorFor(text, ngramEmbedder({ seed: 6 }))).not.toEqual(
    await vectorFor(text, ngramEmbedder({ seed: 5 })),
  );
});

test('a vector does not depend on what was embedded before it', async () => {
  const fresh = await vectorFor('after', ngramEmbedder());
  await embedder.embed(['word '.repeat(40_000), Array.from({ length: 60_000 }, (_, index) => `w${index}`).join(' ')]);
  expect(await vectorFor('after')).toEqual(fresh);
});

test('any text with something to see gives a finite vector of length 1', async () => {
  const odd = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text.trim() !== '');
  await fc.assert(
    fc.asyncProperty(odd, fc.constantFrom(1, 2, 3, 16, 384), async (text, dimension) => {
      const vector = await vectorFor(text, ngramEmbedder({ dimension }));
      expect(vector).toHaveLength(dimension);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    }),
  );
});

test('features that cancel each other leave the first of them, not zero', async () => {
  const single = ngramEmbedder({ dimension: 1 });
  const letters = 'abcdefghijklmnopqrstuvwxyz'.split('');
  const texts = letters.flatMap((first) => letters.map((second) => `${first} ${second} 1`));
  for (const [vector] of await Promise.all(texts.map((text) => single.embed([text])))) {
    expect(Math.abs(vector?.[0] ?? 0)).toBe(1);
  }
});

describe('identifiers', () => {
  test.each(['parse_http_url_2', 'parse-http-url-2', 'parse/http/url/2', 'PARSE_HTTP_URL2', 'parse HTTP  Url 2'])(
    'parseHttpUrl2 and %s are written otherwise and mean the same',
    async (spelling) => {
      expect(await vectorFor(spelling)).toEqual(await vectorFor('parseHttpUrl2'));
    },
  );

  test.each([
    ['HTTPServer', 'http server'],
    ['parseURLs', 'parse urls'],
    ['utf8Text', 'utf 8 text'],
    ['ÉtatCivil', 'état civil'],
  ])('%s splits into %s', async (identifier, words) => {
    expect(await vectorFor(identifier)).toEqual(await vectorFor(words));
  });
});

test('what shares words, word pairs or parts of words is nearer than what does not', async () => {
  const query = 'clamp the backoff';
  expect(await similarity(query, 'function clampBackoff(attempt) {}')).toBeGreaterThan(
    await similarity(query, 'function readManifest(path) {}'),
  );
  expect(await similarity('open store', 'open store')).toBeGreaterThan(await similarity('open store', 'store open'));
  expect(await similarity('normalised', 'normalising')).toBeGreaterThan(await similarity('normalised', 'verified'));
});

test('a word that comes often counts more, but not as often more', async () => {
  const thrice = await similarity('store store store lease', 'lease');
  expect(thrice).toBeLessThan(await similarity('store lease', 'lease'));
  expect(thrice).toBeGreaterThan(await similarity(`${'store '.repeat(100)} lease`, 'lease'));
  // with plain counts it would be less than 1 / 3 of that
  expect(thrice / (await similarity('store lease', 'lease'))).toBeGreaterThan(0.5);
});

test('punctuation alone is embedded by its characters', async () => {
  expect(await similarity('=> {', '=> {')).toBeCloseTo(1, 5);
  expect(await similarity('=> {', '=>   {')).toBeCloseTo(1, 5);
  expect(await similarity('=> {', '+-*')).toBeLessThan(0.9);
  expect(await similarity('a + b', 'a - b')).toBeCloseTo(1, 5);
});

test.each(['', ' ', '\n\t\u00a0\u3000\ufeff'])('%j has nothing to embed', async (text) => {
  await expect(embedder.embed(['fine', text])).rejects.toThrow(new VltairError('invalid_argument/empty_text'));
});

test('a lone surrogate counts as U+FFFD', async () => {
  expect(await vectorFor('a\ud800b \udc00')).toEqual(await vectorFor('a\ufffdb \ufffd'));
  expect(await vectorFor('\ud83d')).toEqual(await vectorFor('\ufffd'));
});

test('of 50 MB the first 262,144 code units are seen, and a pair on the edge not by half', async () => {
  const huge = `${'word '.repeat(10_000_000)} end`;
  expect(await vectorFor(huge)).toEqual(await vectorFor(huge.slice(0, 262_144)));
  const edge = 'x'.repeat(262_143);
  expect(await vectorFor(`${edge}😀`)).toEqual(await vectorFor(edge));
  expect(await vectorFor(`${edge}y`)).not.toEqual(await vectorFor(edge));
});

test('blanks before a text that is too long do not use its room up', async () => {
  expect(await vectorFor(`${' '.repeat(300_000)}word`)).toEqual(await vectorFor('word'));
});

test('no texts give no vectors', async () => {
  expect(await embedder.embed([])).toEqual([]);
});

test('long work lets others have their turn and ends when it is aborted', async () => {
  const stop = new AbortController();
  setImmediate(() => stop.abort(new Error('enough')));
  const texts = Array.from({ length: 1000 }, () => 'word '.repeat(20_000));
  await expect(embedder.embed(texts, { signal: stop.signal })).rejects.toThrow('enough');
  await expect(embedder.embed(['text'], { signal: stop.signal })).rejects.toThrow('enough');
});

test.each([
  [{ dimension: 0 }, 'dimension is an integer from 1 to 65536'],
  [{ dimension: 1.5 }, 'dimension is an integer from 1 to 65536'],
  [{ dimension: 65_537 }, 'dimension is an integer from 1 to 65536'],
  [{ seed: -1 }, 'seed is an integer from 0 to 4294967295'],
  [{ seed: Number.NaN }, 'seed is an integer from 0 to 4294967295'],
])('%j is refused: %s', (settings, detail) => {
  expect(() => ngramEmbedder(settings)).toThrow(new VltairError('invalid_argument/embedder', { detail }));
});
