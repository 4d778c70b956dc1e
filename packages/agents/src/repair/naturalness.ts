/**
 * How much more an edited line looks like the rest of its project than the line did before, by a language model of the project's
 * own tokens: trigrams, bigrams and single tokens, interpolated (Hindle et al., "On the naturalness of software", ICSE 2012).
 * Lines with a bug are less natural than their fix (Ray et al., "On the naturalness of buggy code", ICSE 2016).
 */
import { tokensOf } from './code-tokens.ts';

/** Shares of trigram, bigram and single token; the rest is spread over all kinds of token alike. */
const shares = { three: 0.55, two: 0.3, one: 0.14, none: 0.01 } as const;

/** No token holds it. */
const separator = '\u0000';

type Counts = Map<string, number>;

/** A line with the tokens around it. */
export interface LineContext {
  /** The last two tokens before the line. */
  readonly previous: readonly string[];
  /** The first two tokens after it. */
  readonly next: readonly string[];
}

export class Naturalness {
  readonly #counts: Counts = new Map();
  readonly #total: number;
  readonly #kinds: number;

  /** Learns from the sources of a project. */
  constructor(texts: Iterable<string>) {
    let total = 0;
    const kinds = new Set<string>();
    for (const text of texts) {
      const tokens = tokensOf(text);
      total += tokens.length;
      for (const token of tokens) kinds.add(token);
      countGrams(tokens, [], this.#counts);
    }
    this.#total = total;
    this.#kinds = Math.max(1, kinds.size);
  }

  /**
   * Bits a token by which the text gets more natural; negative when it gets less. What the change takes away is taken out of what
   * was learned: otherwise a line that stands nowhere else would look natural because it stands there.
   */
  gain(before: string, after: string, { previous, next }: LineContext): number {
    const old = [...tokensOf(before), ...next];
    const fresh = [...tokensOf(after), ...next];
    const own: Counts = new Map();
    const { first, last } = changedTokens(old, fresh);
    const around = [...previous, ...old.slice(0, first)];
    countGrams(old.slice(first, last + reach), around, own);
    return this.#bits(old, previous, own) - this.#bits(fresh, previous, own);
  }

  /** The mean surprise of the tokens. */
  #bits(tokens: readonly string[], previous: readonly string[], own: Counts): number {
    const timesElsewhere = (gram: string): number => (this.#counts.get(gram) ?? 0) - (own.get(gram) ?? 0);
    let [far = '', near = ''] = previous.slice(-2);
    let bits = 0;
    for (const token of tokens) {
      const pair = `${near}${separator}${token}`;
      const three = ratio(timesElsewhere(`${far}${separator}${pair}`), timesElsewhere(`${far}${separator}${near}`));
      const two = ratio(timesElsewhere(pair), timesElsewhere(near));
      const one = ratio(timesElsewhere(token), this.#total);
      bits -= Math.log2(shares.three * three + shares.two * two + shares.one * one + shares.none / this.#kinds);
      [far, near] = [near, token];
    }
    return bits / Math.max(1, tokens.length);
  }
}

/** Tokens after a change whose trigrams hold some of it. */
const reach = 2;

/** Where the old tokens differ from the new ones: from `first`, up to and without `last`. */
function changedTokens(old: readonly string[], fresh: readonly string[]): { first: number; last: number } {
  let first = 0;
  while (first < old.length && old[first] === fresh[first]) first += 1;
  let last = old.length;
  for (let other = fresh.length; last > first && other > first && old[last - 1] === fresh[other - 1]; other -= 1)
    last -= 1;
  return { first, last };
}

function ratio(part: number, whole: number): number {
  return part <= 0 || whole <= 0 ? 0 : part / whole;
}

function countGrams(tokens: readonly string[], previous: readonly string[], into: Counts): void {
  const add = (gram: string): void => void into.set(gram, (into.get(gram) ?? 0) + 1);
  let [far = '', near = ''] = previous.slice(-2);
  for (const token of tokens) {
    const pair = `${near}${separator}${token}`;
    add(token);
    add(pair);
    add(`${far}${separator}${pair}`);
    [far, near] = [near, token];
  }
}
