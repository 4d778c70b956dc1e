/** Longer words are keys or encoded bytes rather than words: they are cut. In UTF-16 units. */
const LONGEST = 64;

/** Letters, marks, numbers and what joins the words of an identifier. */
const WORD = /[\p{L}\p{M}\p{N}_$]+/gu;
/**
 * fooBar -> foo, Bar; HTTPServer -> HTTP, Server; v2beta -> v, 2, beta. Characters of scripts that put no spaces between
 * words stand for themselves.
 */
const PARTS =
  /\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{M}]+|[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}]|(?:(?![\p{Lu}\p{Ll}\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}])[\p{L}\p{M}])+|\p{N}+/gu;
const PLAIN = /^[a-z]+$/;

/**
 * The words of a text, in order, in lower case. An identifier stands as a whole and in its parts: `retryBackoff_ms` gives
 * `retrybackoff_ms`, `retry`, `backoff`, `ms`. Nothing is left out for being frequent: in code, `if` and `not` mean something.
 */
export function tokenise(text: string): readonly string[] {
  const tokens: string[] = [];
  for (const [word] of text.matchAll(WORD)) putWord(word.slice(0, LONGEST), tokens);
  return tokens;
}

/** A place of a text that a word of a query is found at. In UTF-16 units, the end is not in it. */
export interface TokenSpan {
  readonly token: string;
  readonly from: number;
  readonly to: number;
}

/** Where a text has words of a query: whole words, else parts of identifiers. */
export function* spansOf(text: string, query: ReadonlySet<string>): Generator<TokenSpan, void, undefined> {
  for (const { 0: word, index } of text.matchAll(WORD)) {
    const token = lower(word.slice(0, LONGEST));
    if (query.has(token)) yield { token, from: index, to: index + word.length };
    else yield* partSpans(word, index, query);
  }
}

function* partSpans(word: string, at: number, query: ReadonlySet<string>): Generator<TokenSpan, void, undefined> {
  for (const { 0: part, index } of word.matchAll(PARTS)) {
    const token = lower(part);
    if (query.has(token)) yield { token, from: at + index, to: at + index + part.length };
  }
}

function putWord(word: string, tokens: string[]): void {
  if (PLAIN.test(word)) tokens.push(word);
  else putIdentifier(word, tokens);
}

function putIdentifier(word: string, tokens: string[]): void {
  const whole = lower(word);
  const parts = word.match(PARTS) ?? [];
  if (parts.length !== 1 || parts[0] !== word) tokens.push(whole);
  for (const part of parts) tokens.push(lower(part));
}

/** One form for characters that look alike: a full-width A, or an accent that stands apart. */
function lower(word: string): string {
  return word.normalize('NFKC').toLowerCase();
}
