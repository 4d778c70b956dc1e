import { VltairError } from '@vltair/protocol';

/**
 * What an embedder sees of a text: its first `maxCharacters` UTF-16 code units, never half of a surrogate pair, with
 * each lone surrogate as U+FFFD. Blanks before a text that is too long do not count. The cut is the same every time, so that equal texts keep equal vectors.
 *
 * @throws VltairError `invalid_argument/empty_text` when nothing but blanks is left.
 */
export function embeddableText(text: string, maxCharacters: number): string {
  const whole = text.length > maxCharacters ? text.trimStart() : text;
  const end = isPairCut(whole, maxCharacters) ? maxCharacters - 1 : maxCharacters;
  const seen = whole.slice(0, end).toWellFormed();
  if (seen.trim() === '') throw new VltairError('invalid_argument/empty_text');
  return seen;
}

/** Whether a cut there would leave the first half of a surrogate pair on one side and the second on the other. */
export function isPairCut(text: string, at: number): boolean {
  const [before, after] = [text.charCodeAt(at - 1), text.charCodeAt(at)];
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}
