import { createHash } from 'node:crypto';
import { VltairError } from '@vltair/protocol';

/** What one text may hold at most to be compared line by line; beyond it, `payload_too_large/text`. */
export const TEXT_LIMITS = { lines: 200_000, characters: 50_000_000 } as const;

/** The lines of a text as numbers: equal lines of all the texts in a table, and only those, have the same number. */
export type LineNumbers = readonly number[];

export interface LineTable {
  /** The line behind each number, in the order of their first appearance. */
  readonly lines: readonly string[];
  /** One entry for each text, in their order. */
  readonly texts: readonly LineNumbers[];
}

/**
 * The lines of a text, each with the `\n` or `\r\n` that ends it, so that joining them gives the text again. The last
 * one may have no end; an empty text has no lines.
 */
export function splitLines(text: string): readonly string[] {
  const lines: string[] = [];
  for (let from = 0; from < text.length;) {
    const lineFeed = text.indexOf('\n', from);
    const to = lineFeed === -1 ? text.length : lineFeed + 1;
    lines.push(text.slice(from, to));
    from = to;
  }
  return lines;
}

/** A table of texts that may come from anyone. @throws VltairError `payload_too_large/text` beyond {@link TEXT_LIMITS} */
export function tabulate(texts: readonly string[]): LineTable {
  return numberLines(texts.map(linesWithinLimits));
}

export function numberLines(texts: readonly (readonly string[])[]): LineTable {
  const numbers = new Map<string, number>();
  const lines: string[] = [];
  const numberOf = (line: string): number => {
    const key = keyOf(line);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, lines.length);
    return lines.push(line) - 1;
  };
  const numbered = texts.map((text) => text.map(numberOf));
  return { lines, texts: numbered };
}

/** The lines behind numbers of a table. */
export function linesOf({ lines }: LineTable, numbers: LineNumbers): readonly string[] {
  return numbers.map((number) => lines[number] ?? '');
}

export function isSameLines(some: LineNumbers, others: LineNumbers): boolean {
  return some.length === others.length && some.every((line, index) => line === others[index]);
}

function linesWithinLimits(text: string): readonly string[] {
  refuseBeyond('characters', text.length);
  const lines = splitLines(text);
  refuseBeyond('lines', lines.length);
  return lines;
}

function refuseBeyond(unit: keyof typeof TEXT_LIMITS, count: number): void {
  if (count <= TEXT_LIMITS[unit]) return;
  throw new VltairError('payload_too_large/text', { detail: `${count} ${unit}, at most ${TEXT_LIMITS[unit]}` });
}

/** The engine hashes long strings by their length alone, so that a map of many of one length would be searched in line. */
const LONGEST_KEY = 1000;

/** Never that of another line: the key of a long line is longer than any that is its own key. */
function keyOf(line: string): string {
  if (line.length <= LONGEST_KEY) return line;
  const digest = createHash('sha256').update(line, 'utf16le').digest('hex');
  return `${digest}${line.slice(0, LONGEST_KEY)}`;
}
