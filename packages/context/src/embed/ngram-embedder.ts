import { setImmediate as nextTurn } from 'node:timers/promises';
import { VltairError } from '@vltair/protocol';
import { embeddableText } from './embeddable-text.ts';
import type { Embedder, EmbedOptions } from './embedder.ts';
import { FeatureWeights } from './feature-weights.ts';
import { WordFeatures } from './word-features.ts';

export interface NgramSettings {
  /** 384 unless told; from 1 to 65,536. More elements let fewer features fall on the same one. */
  readonly dimension?: number;
  /** 0 unless told; an unsigned 32-bit integer. Other seeds spread the features otherwise and are other models. */
  readonly seed?: number;
}

/** Changes whenever the same text would get another vector. */
const GENERATION = 1;
const MAX_DIMENSION = 65_536;
/** Of a longer text the beginning stands for all of it; in words, a thick book. */
const MAX_CHARACTERS = 262_144;
/** Some milliseconds of work, after which others have their turn. */
const CHARACTERS_IN_A_TURN = 65_536;

/**
 * The embedder that needs no model and no network: texts with common words, word pairs or parts of words are near each
 * other.
 *
 * Each feature (see {@link WordFeatures}) is hashed with the seed (see `feature-hash.ts`); the hash chooses an element and a
 * sign; its weight there is that of its kind, times the square root of how often it occurs; the vector is brought to
 * length 1. Hashes are integers, and sums, products, quotients and square roots of 64-bit floats are rounded alike
 * everywhere, so the same text, seed and dimension give the same bits on every engine. A text of punctuation alone is
 * embedded by its characters. Of a text beyond 262,144 UTF-16 code units only those are seen.
 *
 * @throws VltairError `invalid_argument/embedder` for a dimension or a seed out of range
 */
export function ngramEmbedder({ dimension = 384, seed = 0 }: NgramSettings = {}): Embedder {
  if (!isIntegerIn(dimension, 1, MAX_DIMENSION)) throw outOfRange('dimension', 1, MAX_DIMENSION);
  if (!isIntegerIn(seed, 0, 0xffffffff)) throw outOfRange('seed', 0, 0xffffffff);
  const weights = new FeatureWeights();
  const features = new WordFeatures(weights, seed | 0);
  const embedOne = (text: string): Float32Array => {
    weights.clear();
    features.take(text);
    return normalised(projected(weights, dimension));
  };
  return {
    id: `ngram-${GENERATION}${seed === 0 ? '' : `.seed${seed}`}/${dimension}`,
    dimension,
    embed: (texts, options) => embedInTurns(texts, embedOne, options),
  };
}

async function embedInTurns(
  texts: readonly string[],
  embedOne: (text: string) => Float32Array,
  { signal }: EmbedOptions = {},
): Promise<readonly Float32Array[]> {
  const vectors: Float32Array[] = [];
  let characters = 0;
  signal?.throwIfAborted();
  for (const text of texts) {
    const seen = embeddableText(text, MAX_CHARACTERS);
    vectors.push(embedOne(seen));
    characters += seen.length;
    if (characters < CHARACTERS_IN_A_TURN) continue;
    characters = 0;
    await nextTurn();
    signal?.throwIfAborted();
  }
  return vectors;
}

function projected(weights: FeatureWeights, dimension: number): Float64Array {
  const sums = new Float64Array(dimension);
  for (let place = 0; place < weights.size; place += 1) addFeature(sums, weights, place);
  // features of opposite signs can meet on every element, and leave nothing: the first one then stands for all
  if (sums.every((sum) => sum === 0)) addFeature(sums, weights, 0);
  return sums;
}

/** The lowest bit of the hash is the sign, the others choose the element. */
function addFeature(sums: Float64Array, weights: FeatureWeights, place: number): void {
  const hash = weights.hashAt(place);
  const element = (hash >>> 1) % sums.length;
  const weight = weights.weightAt(place);
  sums[element] = (sums[element] ?? 0) + ((hash & 1) === 0 ? weight : -weight);
}

function normalised(sums: Float64Array): Float32Array {
  let squares = 0;
  for (const sum of sums) squares += sum * sum;
  const length = Math.sqrt(squares);
  return Float32Array.from(sums, (sum) => sum / length);
}

function isIntegerIn(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function outOfRange(name: string, least: number, most: number): VltairError {
  return new VltairError('invalid_argument/embedder', { detail: `${name} is an integer from ${least} to ${most}` });
}
