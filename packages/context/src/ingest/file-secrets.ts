import { sanitizeText } from '@vltair/protocol';

/** Blocks that are masked can leave the beginning of one before them and the end of one after them. */
const MAX_PASSES = 8;
const KEY_BEGINS = /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----/g;
const KEY_ENDS = /-----END [A-Z ]{0,30}PRIVATE KEY-----/g;

/**
 * The text with `<<REDACTED>>` for each secret that `sanitizeText` finds in it: keys, tokens, values of secret names, mail
 * addresses. Lines keep their numbers.
 */
export function maskSecrets(text: string): string {
  let result = text;
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    const masked = maskKeyBlocks(result);
    if (masked === result) break;
    result = masked;
  }
  return sanitizeText(result);
}

/** The lines that hold a secret, or the beginning of one, from 1, in order. */
export function secretLines(text: string): readonly number[] {
  const masked = maskSecrets(text);
  if (masked === text) return [];
  const after = masked.split('\n');
  return text.split('\n').flatMap((line, index) => (line === after[index] ? [] : [index + 1]));
}

/** A private key is the one secret that spans lines: as many empty ones take its place. */
function maskKeyBlocks(text: string): string {
  let result = '';
  let at = 0;
  for (const begin of text.matchAll(KEY_BEGINS)) {
    if (begin.index < at) continue;
    KEY_ENDS.lastIndex = begin.index;
    const end = KEY_ENDS.exec(text);
    if (end === null) break;
    const blockEnd = end.index + end[0].length;
    result += text.slice(at, begin.index) + maskedBlock(text.slice(begin.index, blockEnd));
    at = blockEnd;
  }
  return result + text.slice(at);
}

function maskedBlock(block: string): string {
  const masked = sanitizeText(block);
  return masked + '\n'.repeat(linesIn(block) - linesIn(masked));
}

function linesIn(text: string): number {
  return text.split('\n').length;
}
