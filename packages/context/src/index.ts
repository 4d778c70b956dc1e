export { cachedEmbedder, embeddingKey } from './embed/cached-embedder.ts';
export type { Embedder, EmbedOptions } from './embed/embedder.ts';
export { MemoryEmbeddingCache, type EmbeddingCache, type EmbeddingEntry } from './embed/embedding-cache.ts';
export { ngramEmbedder, type NgramSettings } from './embed/ngram-embedder.ts';
export { openAiEmbedder } from './embed/openai/openai-embedder.ts';
export type { Backoff, OpenAiLimits, OpenAiSettings } from './embed/openai/settings.ts';
export { vectorOf } from './embed/vector-of.ts';
export { pathOfChunk } from './ingest/chunk-ids.ts';
export { planIngest, type IngestOptions, type IngestPlan, type PlannedChunk } from './ingest/plan-ingest.ts';
export type { SourceChunk, SplitLimits } from './ingest/source-chunk.ts';
export {
  SKIP_REASONS,
  type SkippedSource,
  type SkipReason,
  type SourceEntry,
  type SourceFile,
} from './ingest/source-entry.ts';
export type { SourceLanguage } from './ingest/source-language.ts';
export { splitSource, type Source } from './ingest/split-source.ts';
export { walkSources, type WalkOptions } from './ingest/walk-sources.ts';
