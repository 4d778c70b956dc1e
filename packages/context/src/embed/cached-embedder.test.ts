import { VltairError } from '@vltair/protocol';
import { expect, test } from 'vitest';
import { cachedEmbedder, embeddingKey } from './cached-embedder.ts';
import type { Embedder } from './embedder.ts';
import { MemoryEmbeddingCache } from './embedding-cache.ts';
import { ngramEmbedder } from './ngram-embedder.ts';

/** The offline embedder, with a record of what it was asked. */
function counted(embedder: Embedder = ngramEmbedder({ dimension: 16 })): Embedder & { readonly asked: string[][] } {
  const asked: string[][] = [];
  return {
    ...embedder,
    asked,
    embed: (texts, options) => {
      asked.push([...texts]);
      return embedder.embed(texts, options);
    },
  };
}

test('a text is embedded once, whichever call and place it comes in', async () => {
  const inner = counted();
  const embedder = cachedEmbedder(inner, new MemoryEmbeddingCache(10));
  const first = await embedder.embed(['a', 'b', 'a']);
  const second = await embedder.embed(['c', 'b', 'a']);
  expect(inner.asked).toEqual([['a', 'b'], ['c']]);
  expect(first).toEqual(await inner.embed(['a', 'b', 'a']));
  expect(second).toEqual(await inner.embed(['c', 'b', 'a']));
});

test('what is cached in full asks nobody', async () => {
  const inner = counted();
  const embedder = cachedEmbedder(inner, new MemoryEmbeddingCache(10));
  await embedder.embed(['a']);
  await embedder.embed(['a']);
  expect(await embedder.embed([])).toEqual([]);
  expect(inner.asked).toHaveLength(1);
});

test('it stands for the embedder that it asks', () => {
  expect(cachedEmbedder(ngramEmbedder(), new MemoryEmbeddingCache(1))).toMatchObject({
    id: 'ngram-1/384',
    dimension: 384,
  });
});

test('another model does not answer from the same cache', async () => {
  const cache = new MemoryEmbeddingCache(10);
  const [one, two] = [counted(), counted(ngramEmbedder({ dimension: 16, seed: 3 }))];
  const [first] = await cachedEmbedder(one, cache).embed(['a']);
  const [second] = await cachedEmbedder(two, cache).embed(['a']);
  expect(two.asked).toEqual([['a']]);
  expect(second).not.toEqual(first);
});

test('the key is the id of the embedder and the SHA-256 of the text', () => {
  expect(embeddingKey('m/2', 'abc')).toBe('m/2:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('a vector that its taker changes stays as it was in the cache and for others', async () => {
  const embedder = cachedEmbedder(counted(), new MemoryEmbeddingCache(10));
  const [first, twin] = await embedder.embed(['a', 'a']);
  const unchanged = twin?.slice();
  first?.fill(0);
  expect(twin).toEqual(unchanged);
  expect(await embedder.embed(['a'])).toEqual([unchanged]);
  (await embedder.embed(['a']))[0]?.fill(0);
  expect(await embedder.embed(['a'])).toEqual([unchanged]);
});

test('a kept vector of another dimension is embedded anew', async () => {
  const inner = counted();
  const cache = new MemoryEmbeddingCache(10);
  await cache.put([{ key: embeddingKey(inner.id, 'a'), vector: Float32Array.of(1, 2) }]);
  const [vector] = await cachedEmbedder(inner, cache).embed(['a']);
  expect(vector).toHaveLength(16);
});

test('an embedder that gives too few vectors is found out, and nothing is kept', async () => {
  const cache = new MemoryEmbeddingCache(10);
  const short: Embedder = { id: 'short/1', dimension: 1, embed: () => Promise.resolve([Float32Array.of(1)]) };
  await expect(cachedEmbedder(short, cache).embed(['a', 'b'])).rejects.toThrow(
    new VltairError('fatal/embedder', { detail: 'fewer vectors than texts' }),
  );
  expect(await cache.get([embeddingKey('short/1', 'a')])).toEqual([undefined]);
});

test('the signal reaches the embedder', async () => {
  const embedder = cachedEmbedder(ngramEmbedder(), new MemoryEmbeddingCache(10));
  await expect(embedder.embed(['a'], { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
});

test('the memory cache forgets what was not used for longest', async () => {
  const cache = new MemoryEmbeddingCache(2);
  const vector = Float32Array.of(1);
  await cache.put([
    { key: 'a', vector },
    { key: 'b', vector },
  ]);
  await cache.get(['a']);
  await cache.put([{ key: 'c', vector }]);
  expect(await cache.get(['a', 'b', 'c'])).toEqual([vector, undefined, vector]);
  await cache.put([
    { key: 'a', vector },
    { key: 'd', vector },
  ]);
  expect(await cache.get(['a', 'c', 'd'])).toEqual([vector, undefined, vector]);
});

test('the memory cache gives and keeps copies', async () => {
  const cache = new MemoryEmbeddingCache(2);
  const vector = Float32Array.of(1);
  await cache.put([{ key: 'a', vector }]);
  vector[0] = 2;
  (await cache.get(['a']))[0]?.fill(3);
  expect(await cache.get(['a'])).toEqual([Float32Array.of(1)]);
});

test('a memory cache of no capacity keeps nothing', async () => {
  const cache = new MemoryEmbeddingCache(0);
  await cache.put([{ key: 'a', vector: Float32Array.of(1) }]);
  expect(await cache.get(['a'])).toEqual([undefined]);
});
