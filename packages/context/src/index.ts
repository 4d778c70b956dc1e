export { SearchEngine } from './engine/search-engine.ts';
export type { EngineSearch, TenantChange } from './engine/engine-message.ts';
export { snippetOf, type Snippet } from './index/snippet.ts';
export { unitVector } from './index/unit-vector.ts';
export type { Answer, IndexChange, IndexedVersion, Scope } from './index/search-index.ts';
export { filterJson, filterOfPairs, filterText, parseFilter, type Filter } from './query/filter.ts';
export { parseSearch, type SearchInput, type SearchRequest } from './query/search-request.ts';
