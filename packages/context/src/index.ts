export { cachedEmbedder, embeddingKey } from './embed/cached-embedder.ts';
export type { Embedder, EmbedOptions } from './embed/embedder.ts';
export { MemoryEmbeddingCache, type EmbeddingCache, type EmbeddingEntry } from './embed/embedding-cache.ts';
export { ngramEmbedder, type NgramSettings } from './embed/ngram-embedder.ts';
export { openAiEmbedder } from './embed/openai/openai-embedder.ts';
export type { Backoff, OpenAiLimits, OpenAiSettings } from './embed/openai/settings.ts';
export { vectorOf } from './embed/vector-of.ts';
