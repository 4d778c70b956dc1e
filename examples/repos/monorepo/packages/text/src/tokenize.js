const STOP_WORDS = new Set(['a', 'an', 'and', 'are', 'for', 'in', 'is', 'of', 'on', 'or', 'the', 'to', 'with']);

/** Words in order, each with its stem and where it stands in the text; stop words are left out. */
export function tokenize(text) {
  const tokens = [];
  for (const match of text.matchAll(/[\p{L}\p{N}]+/gu)) {
    const word = match[0].toLowerCase();
    if (STOP_WORDS.has(word)) continue;
    tokens.push({ term: stem(word), start: match.index, end: match.index + match[0].length });
  }
  return tokens;
}

/** A light stemmer for English plurals and -ing; it rather leaves a word alone than cuts too much. */
export function stem(word) {
  if (word.length > 4 && word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (word.length > 5 && word.endsWith('ing')) return word.slice(0, -3);
  if (word.length > 3 && word.endsWith('s') && !word.endsWith('ss')) return word.slice(0, -1);
  return word;
}
