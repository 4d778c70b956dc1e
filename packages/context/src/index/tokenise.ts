/** Longer words are keys or encoded bytes rather than words: they are cut. In UTF-16 units. */
const LONGEST = 64;

/** Letters, marks, numbers and what joins the words of an identifier. */
const WORD = /[\p{L}\p{M}\p{N}_$]+/gu;
/** fooBar -> foo, Bar; HTTPServer -> HTTP, Server; v2beta -> v, 2, beta. */
const PARTS = /\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{M}]+|[\p{L}\p{M}]+?|\p{N}+/gu;
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
