import { VltairError } from '@vltair/protocol';

/**
 * What an embedder sees of a text: its first `maxCharacters` UTF-16 code units, never half of a surrogate pair, with
 * each lone surrogate as U+FFFD. The cut is the same every time, so that equal texts keep equal vectors.
 *
 * @throws VltairError `invalid_argument/empty_text` when nothing but blanks is left.
 */
export function embeddableText(text: string, maxCharacters: number): string {
  const end = isPairCut(text, maxCharacters) ? maxCharacters - 1 : maxCharacters;
  const seen = text.slice(0, end).toWellFormed();
  if (seen.trim() === '') throw new VltairError('invalid_argument/empty_text');
  return seen;
}

function isPairCut(text: string, end: number): boolean {
  return end < text.length && isBetween(text.charCodeAt(end - 1), 0xd800, 0xdbff) && isLow(text.charCodeAt(end));
}

function isLow(unit: number): boolean {
  return isBetween(unit, 0xdc00, 0xdfff);
}

function isBetween(unit: number, low: number, high: number): boolean {
  return unit >= low && unit <= high;
}
