import { spansOf, tokenise, type TokenSpan } from './tokenise.ts';

/** The piece of a text that shows best why it was found. */
export interface Snippet {
  readonly text: string;
  /** The line of the text at which it begins, from 1. */
  readonly line: number;
  /** Where it has words of the query: in UTF-16 units of the snippet, the end not in it. */
  readonly spans: readonly { readonly from: number; readonly to: number }[];
}

/** In UTF-16 units, but for whole lines around them. */
const LENGTH = 240;
/** Places in a text that are looked at. */
const MOST_SPANS = 2_000;

/**
 * The lines in which the most different words of the query lie together, the first of them where several are as good; the
 * beginning of a text that has none.
 */
export function snippetOf(text: string, query: string): Snippet {
  const spans = [...spansOf(text, new Set(tokenise(query))).take(MOST_SPANS)];
  const best = bestWindow(spans);
  const from = lineStart(text, best[0]?.from ?? 0);
  const to = lineEnd(text, from, best.at(-1)?.to ?? 0);
  return {
    text: text.slice(from, to),
    line: text.slice(0, from).split('\n').length,
    spans: spans
      .filter((span) => span.from >= from && span.to <= to)
      .map((span) => ({ from: span.from - from, to: span.to - from })),
  };
}

/** The spans of the window with the most different words, then with the most words. */
function bestWindow(spans: readonly TokenSpan[]): readonly TokenSpan[] {
  let best: readonly TokenSpan[] = [];
  let most = 0;
  for (const [index, first] of spans.entries()) {
    const window = spans.slice(index, index + LENGTH).filter(({ to }) => to <= first.from + LENGTH);
    const worth = new Set(window.map(({ token }) => token)).size * LENGTH + window.length;
    if (worth <= most) continue;
    [best, most] = [window, worth];
  }
  return best;
}

/** Back to the beginning of the line, if that is not far. */
function lineStart(text: string, at: number): number {
  const start = text.lastIndexOf('\n', at - 1) + 1;
  return wholeCharacter(text, at - start <= LENGTH / 2 ? start : at);
}

/** To the end of the line of the last word, or so far that the snippet has its length. */
function lineEnd(text: string, from: number, last: number): number {
  const least = Math.max(last, Math.min(from + LENGTH, text.length));
  const lines = text.lastIndexOf('\n', least);
  if (lines >= Math.max(last, from + 1)) return lines;
  const end = text.indexOf('\n', last);
  return wholeCharacter(text, end === -1 || end > least ? least : end);
}

/** Not between the two halves of a character. */
function wholeCharacter(text: string, at: number): number {
  return /[\udc00-\udfff]/.test(text[at] ?? '') && /[\ud800-\udbff]/.test(text[at - 1] ?? '') ? at - 1 : at;
}
