import { classOf, DIGIT, fold, LOWER, OTHER, UPPER } from './character-classes.ts';
import { finish, hashPair, hashUnits, mix } from './feature-hash.ts';
import type { FeatureWeights } from './feature-weights.ts';

/** Stand around a word while its character n-grams are taken, so that its start and its end are told from its middle. */
const START = 0x02;
const END = 0x03;

/**
 * What each kind of feature weighs; words and their parts so much for each of their characters, up to six, because long
 * words say more than short ones. Fitted on searches of code by its doc comment.
 */
const WEIGHTS = { word: 5, trigram: 4, fourgram: 8, number: 10, pair: 5, sign: 1, signPair: 1 } as const;
const MOST_CHARACTERS = 6;

/** Keeps features of different kinds apart that have the same units. */
const KIND = {
  word: 0x1b56c4e9,
  pair: 0x3c6ef372,
  trigram: 0x510e527f,
  fourgram: 0x6a09e667,
  sign: 0x1f83d9ab,
} as const;

/**
 * Takes the features of a text: words, pairs of neighbouring words, and the 3-grams and 4-grams of each word.
 *
 * A word is a run of letters or of digits. Case, digits and everything else end it, so that `parseHttpUrl2`,
 * `parse_http_url_2`, `parse-http-url-2`, `parse/http/url/2` and "parse HTTP URL 2" have the same features. A text
 * without any word gives its characters that are not blank instead, and their pairs.
 */
export class WordFeatures {
  readonly #weights: FeatureWeights;
  readonly #seed: number;
  /** The word under way, with its two ends. */
  #units = new Uint16Array(64);
  #length = 1;
  #isNumber = false;
  #previous: number | undefined;

  constructor(weights: FeatureWeights, seed: number) {
    this.#weights = weights;
    this.#seed = seed;
    this.#units[0] = START;
  }

  take(text: string): void {
    this.#previous = undefined;
    let last = OTHER;
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      const kind = classOf(unit);
      if (this.#length > 1 && endsWord(last, kind, text, index)) this.#endWord();
      if (kind !== OTHER) this.#push(fold(unit), kind === DIGIT);
      last = kind;
    }
    if (this.#length > 1) this.#endWord();
    if (this.#weights.size === 0) this.#takeSigns(text);
  }

  #push(unit: number, isNumber: boolean): void {
    if (this.#length + 1 >= this.#units.length) this.#units = enlarged(this.#units);
    this.#units[this.#length] = unit;
    this.#length += 1;
    this.#isNumber = isNumber;
  }

  #endWord(): void {
    this.#units[this.#length] = END;
    const word = hashUnits(this.#units, 1, this.#length, this.#seed ^ KIND.word);
    const characters = Math.min(this.#length - 1, MOST_CHARACTERS);
    this.#weights.add(word, this.#isNumber ? WEIGHTS.number : WEIGHTS.word * characters);
    if (this.#previous !== undefined) {
      this.#weights.add(hashPair(this.#previous, word, this.#seed ^ KIND.pair), WEIGHTS.pair);
    }
    if (!this.#isNumber) this.#takeGrams(WEIGHTS.trigram * characters, WEIGHTS.fourgram * characters);
    this.#previous = word;
    this.#length = 1;
  }

  /** The 3-gram and the 4-gram at each place, the second from the state of the first. */
  #takeGrams(weightOf3: number, weightOf4: number): void {
    const [units, last] = [this.#units, this.#length];
    for (let at = 0; at + 2 <= last; at += 1) {
      const two = mix(mix(this.#seed, units[at] ?? 0), units[at + 1] ?? 0);
      const three = mix(two, units[at + 2] ?? 0);
      this.#weights.add(finish(three ^ KIND.trigram), weightOf3);
      if (at + 3 <= last) this.#weights.add(finish(mix(three, units[at + 3] ?? 0) ^ KIND.fourgram), weightOf4);
    }
  }

  #takeSigns(text: string): void {
    let previous: number | undefined;
    for (let index = 0; index < text.length; index += 1) {
      if (text.charAt(index).trim() === '') continue;
      const sign = finish(mix(this.#seed ^ KIND.sign, text.charCodeAt(index)));
      this.#weights.add(sign, WEIGHTS.sign);
      if (previous !== undefined) this.#weights.add(hashPair(previous, sign, this.#seed ^ KIND.pair), WEIGHTS.signPair);
      previous = sign;
    }
  }
}

/** `parseURLs` and `HTTPServer` split where a word of lower case begins: `parse URLs`, `HTTP Server`. */
function endsWord(last: number, kind: number, text: string, index: number): boolean {
  if (kind === OTHER || (kind === DIGIT) !== (last === DIGIT)) return true;
  if (kind !== UPPER) return false;
  return last === LOWER || startsLowerWord(text, index);
}

/** An upper-case letter before two lower-case ones, or one that is not the `s` of a plural. */
function startsLowerWord(text: string, index: number): boolean {
  const next = text.charCodeAt(index + 1);
  if (index + 1 >= text.length || classOf(next) !== LOWER) return false;
  const isPlural = next === 0x73 && (index + 2 >= text.length || classOf(text.charCodeAt(index + 2)) !== LOWER);
  return !isPlural;
}

function enlarged(units: Uint16Array<ArrayBuffer>): Uint16Array<ArrayBuffer> {
  const copy = new Uint16Array(units.length * 2);
  copy.set(units);
  return copy;
}
