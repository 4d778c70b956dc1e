import { spansOf, type TokenSpan } from './tokenise.ts';

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
/** Of a text, what is looked at. */
const MOST_READ = 1_000_000;
/** Places in a text that are looked at. */
const MOST_SPANS = 2_000;

/**
 * The lines in which the most different words of the query (tokenise.ts) lie together, the first of them where several are as good; the
 * beginning of a text that has none.
 */
export function snippetOf(text: string, query: ReadonlySet<string>): Snippet {
  const spans = query.size === 0 ? [] : [...spansOf(text.slice(0, MOST_READ), query).take(MOST_SPANS)];
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
  const counts = new Map<string, number>();
  let [best, most, end] = [[0, 0] as readonly [number, number], 0, 0];
  for (const [first, { from, token }] of spans.entries()) {
    for (let next = spans[end]; next !== undefined && next.to <= from + LENGTH; next = spans[end]) {
      counts.set(next.token, (counts.get(next.token) ?? 0) + 1);
      end += 1;
    }
    const worth = counts.size * LENGTH + end - first;
    if (worth > most) [best, most] = [[first, end], worth];
    if (end <= first)
      end = first + 1; // a word that is longer than a window
    else if (counts.get(token) === 1) counts.delete(token);
    else counts.set(token, (counts.get(token) ?? 1) - 1);
  }
  return spans.slice(...best);
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
