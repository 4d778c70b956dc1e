import type { JsonObject } from '@vltair/protocol';
import type { DocumentKind } from '../merge/merge-policy.ts';

/** Who sees a document: everybody, those of a session, or those of a task. */
export type Scope = { readonly level: 'global' } | { readonly level: 'session' | 'task'; readonly key: string };

/** A version of a document as the index takes it in. */
export interface IndexedVersion {
  readonly id: string;
  readonly version: number;
  readonly kind: DocumentKind;
  readonly scope: Scope;
  readonly text: string;
  /** What filters look at: see fields-of.ts. Answers give it back as it is. */
  readonly metadata: JsonObject;
  /** By the id of the embedder, which names its dimension: all vectors of one id have it. None where there is none yet. */
  readonly vectors: Readonly<Record<string, Float32Array>>;
}

/** What changes at a position of the store. */
export type IndexChange =
  | { readonly kind: 'put'; readonly position: number; readonly document: IndexedVersion }
  | { readonly kind: 'end'; readonly position: number; readonly id: string };
