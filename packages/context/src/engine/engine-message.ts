import type { Failure } from '@vltair/protocol';
import type { IndexChange } from '../index/indexed-version.ts';
import type { Answer } from '../index/search-index.ts';
import type { SearchRequest } from '../query/search-request.ts';

/** A change of the documents of a tenant. */
export interface TenantChange {
  readonly tenant: string;
  readonly change: IndexChange;
}

/** A search as it crosses to the thread that answers it. */
export interface EngineSearch {
  readonly tenant: string;
  /** The id of the embedder whose vectors are searched. */
  readonly space: string;
  readonly request: SearchRequest;
}

export type ToEngine =
  | { readonly kind: 'apply'; readonly upTo: number; readonly changes: readonly TenantChange[] }
  | { readonly kind: 'search'; readonly number: number; readonly search: EngineSearch; readonly waitMs: number }
  | { readonly kind: 'close' };

/** Class instances do not cross threads: what failed is plain data. */
export type FromEngine =
  | { readonly kind: 'answered'; readonly number: number; readonly answers: readonly Answer[] }
  | { readonly kind: 'failed'; readonly number: number; readonly failure: Failure }
  /** A change of a tenant was left out. */
  | { readonly kind: 'refused'; readonly tenant: string; readonly failure: Failure };
