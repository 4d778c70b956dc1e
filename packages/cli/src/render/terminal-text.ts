/** Text for terminals: what others wrote never moves the cursor, and colour is a choice. */
import { sanitizeText, type RedactionSettings } from '@vltair/protocol';

const NAMED: Readonly<Record<string, string>> = { '\u007f': '\u2421' };

/** Control characters but line feed and tab become visible, as do those that reorder text. */
export function plainText(text: string): string {
  return text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, picture);
}

/** The same in one line. */
export function oneLine(text: string): string {
  return plainText(text.replace(/\s*\r?\n\s*/g, ' ').trim());
}

function picture(character: string): string {
  if (character === '\n' || character === '\t') return character;
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return NAMED[character] ?? `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}

export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'bold' | 'dim';

/** What a page for people needs to know of the place where it is shown. */
export interface PageStyle {
  readonly paint: Paint;
  readonly clean: Clean;
  /** How the command is called there. */
  readonly command: string;
}

const CODES: Readonly<Record<Colour, readonly [number, number]>> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
  bold: [1, 22],
  dim: [2, 22],
};

/** Paints text; the identity where colours are off. */
export type Paint = (colour: Colour, text: string) => string;

export function painter(hasColours: boolean): Paint {
  if (!hasColours) return (_, text) => text;
  return (colour, text) => `\u001b[${CODES[colour][0]}m${text}\u001b[${CODES[colour][1]}m`;
}

/** Hides what looks like a secret, painted or not; the identity for everything else. */
export type Clean = (text: string) => string;

export function cleaner(redaction: RedactionSettings): Clean {
  return (text) =>
    text
      .split(COLOUR_CHANGE)
      .map((part) => (part.startsWith('\u001b') ? part : sanitizeText(part, redaction)))
      .join('');
}

/** A word ends where its colour does. Keeps the changes themselves when it splits. */
// oxlint-disable-next-line no-control-regex -- the escape character is what a change of colour begins with
const COLOUR_CHANGE = /(\u001b\[\d+m)/;

/** Whether a stream gets colours: an option says no, FORCE_COLOR yes, NO_COLOR no (https://no-color.org), else a terminal does. */
export function isColoured(
  environment: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
  noColorOption: boolean,
): boolean {
  if (noColorOption) return false;
  const { FORCE_COLOR, NO_COLOR, TERM } = environment;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  return isTerminal && TERM !== 'dumb';
}

/** Cuts a line to a width in columns, counting code points. */
export function fitted(text: string, columns: number): string {
  const points = Array.from(text);
  return points.length <= columns ? text : `${points.slice(0, Math.max(0, columns - 1)).join('')}…`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** An amount of bytes for people, in powers of 1000. */
export function bytesText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1);
  const amount = bytes / 1000 ** power;
  return `${power === 0 ? amount : amount.toFixed(1)} ${UNITS[power] ?? ''}`;
}

/** Columns padded to their widest cell; the last one is left as it is. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => width(row[at] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, at) => (at === row.length - 1 ? cell : cell + ' '.repeat((widths[at] ?? 0) - width(cell))))
      .join('  ')
      .trimEnd(),
  );
}

/** In code points, which is what our own texts take on a screen. */
function width(text: string): number {
  return Array.from(text).length;
}
