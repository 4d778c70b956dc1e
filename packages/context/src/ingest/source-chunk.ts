import type { SourceLanguage } from './source-language.ts';

/** A piece of a source that is stored and found as one document. */
export interface SourceChunk {
  /** Stable while the file has it: its path, and its symbol or its number. See {@link chunkIds}. */
  readonly id: string;
  readonly text: string;
  /** Where it lies in the source, in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
  /** 1-based, both of them part of the chunk. */
  readonly startLine: number;
  readonly endLine: number;
  /** The function, class, method, heading that most of it belongs to. */
  readonly symbol?: string;
  readonly language: SourceLanguage;
}

/** In UTF-16 code units. */
export interface SplitLimits {
  /** What is smaller joins a neighbour, where there is room. */
  readonly minCharacters: number;
  /** What is larger is cut into windows. */
  readonly maxCharacters: number;
  /** What a window repeats of the one before it. At most a quarter of the largest chunk. */
  readonly overlapCharacters: number;
}

export const DEFAULT_SPLIT_LIMITS: SplitLimits = { minCharacters: 200, maxCharacters: 2000, overlapCharacters: 200 };
