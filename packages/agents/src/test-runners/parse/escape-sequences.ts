import { stripVTControlCharacters } from 'node:util';

/** Text without terminal escape sequences and without control characters other than newline and tab. */
export function plainText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this removes
  return stripVTControlCharacters(text)
    .replaceAll('\r\n', '\n')
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
    .toWellFormed();
}
