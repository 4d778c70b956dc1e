import { stripVTControlCharacters } from 'node:util';

/** Text without terminal escape sequences and without control characters other than newline and tab. */
export function plainText(text: string): string {
  const lines = stripVTControlCharacters(text).replaceAll('\r\n', '\n');
  return lines.replaceAll(/(?![\n\t])\p{Cc}/gu, '').toWellFormed();
}
