export { SearchEngine } from './engine/search-engine.ts';
export type { EngineSearch, TenantChange } from './engine/engine-message.ts';
export type { Snippet } from './index/snippet.ts';
export type { Answer } from './index/search-index.ts';
export type { IndexChange, IndexedVersion, Scope } from './index/indexed-version.ts';
export { filterJson, filterOfPairs, filterText, parseFilter, type Filter } from './query/filter.ts';
export { parseSearch, type SearchInput, type SearchRequest } from './query/search-request.ts';
export type { ConflictSides, MergeLabels } from './merge/conflict-markers.ts';
export * from './merge/diff-text.ts';
export * from './merge/format-unified-diff.ts';
export { changeSummary, type ChangeSummary } from './merge/line-changes.ts';
export { TEXT_LIMITS } from './merge/line-table.ts';
export * from './merge/merge-code.ts';
export * from './merge/merge-documents.ts';
export * from './merge/merge-policy.ts';
export * from './merge/merge-text.ts';
export { PARSE_LIMITS } from './merge/script-problems.ts';
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
