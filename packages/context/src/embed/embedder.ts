/** Turns texts into vectors of one dimension. A port: the offline embedder, remote models and caches satisfy it. */
export interface Embedder {
  /** Names model, generation and dimension, e.g. `ngram-1/384`. Vectors of two ids are never compared with each other. */
  readonly id: string;
  readonly dimension: number;
  /**
   * One vector per text, in the order of the texts. None is zero or has an element that is not finite.
   *
   * @throws VltairError `invalid_argument/empty_text` for a blank text; the reason of the signal when it is aborted.
   */
  embed(texts: readonly string[], options?: EmbedOptions): Promise<readonly Float32Array[]>;
}

export interface EmbedOptions {
  readonly signal?: AbortSignal | undefined;
}
