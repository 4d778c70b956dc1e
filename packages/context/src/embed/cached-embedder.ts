import { hash } from 'node:crypto';
import { VltairError } from '@vltair/protocol';
import type { Embedder, EmbedOptions } from './embedder.ts';
import type { EmbeddingCache, EmbeddingEntry } from './embedding-cache.ts';

/**
 * An embedder that asks the given one only for what the cache does not have; a text that comes several times in one call
 * is asked for once. Keys are the embedder's id and the SHA-256 of the text: another model, generation or dimension never
 * answers for this one. What the cache gives in another dimension is embedded anew.
 */
export function cachedEmbedder(embedder: Embedder, cache: EmbeddingCache): Embedder {
  return {
    id: embedder.id,
    dimension: embedder.dimension,
    embed: (texts, options) => embedMissing(embedder, cache, texts, options),
  };
}

/** Under which a text of this embedder is kept, e.g. `ngram-1/384:9f86d0...`. */
export function embeddingKey(embedderId: string, text: string): string {
  return `${embedderId}:${hash('sha256', text, 'hex')}`;
}

async function embedMissing(
  embedder: Embedder,
  cache: EmbeddingCache,
  texts: readonly string[],
  options?: EmbedOptions,
): Promise<readonly Float32Array[]> {
  const keys = texts.map((text) => embeddingKey(embedder.id, text));
  const textOf = new Map(keys.map((key, index) => [key, texts[index] ?? '']));
  const vectorOf = await kept(cache, [...textOf.keys()], embedder.dimension);
  const missing = [...textOf.keys()].filter((key) => !vectorOf.has(key));
  if (missing.length > 0) {
    const vectors = await embedder.embed(
      missing.map((key) => textOf.get(key) ?? ''),
      options,
    );
    const entries = missing.map((key, index) => entryOf(key, vectors[index]));
    await cache.put(entries);
    for (const { key, vector } of entries) vectorOf.set(key, vector);
  }
  // a copy each: texts that are equal do not share a vector that somebody changes
  return keys.map((key) => entryOf(key, vectorOf.get(key)).vector.slice());
}

async function kept(
  cache: EmbeddingCache,
  keys: readonly string[],
  dimension: number,
): Promise<Map<string, Float32Array>> {
  const found = await cache.get(keys);
  const entries = keys.flatMap((key, index) => {
    const vector = found[index];
    return vector?.length === dimension ? [[key, vector] as const] : [];
  });
  return new Map(entries);
}

function entryOf(key: string, vector: Float32Array | undefined): EmbeddingEntry {
  if (vector === undefined) throw new VltairError('fatal/embedder', { detail: 'fewer vectors than texts' });
  return { key, vector };
}
