import { isPairCut } from '../embed/embeddable-text.ts';
import type { SplitLimits } from './source-chunk.ts';

export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/**
 * Cuts a stretch into windows of at most `maxCharacters` that overlap. Cuts and overlaps keep to whole lines where lines
 * are short enough, and never part a surrogate pair. A window of nothing but blanks is left to its neighbour, which then is
 * longer.
 */
export function windowsOf(text: string, { start, end }: Stretch, limits: SplitLimits): readonly Stretch[] {
  const windows: Stretch[] = [];
  let at = start;
  while (at < end) {
    const cut = end - at <= limits.maxCharacters ? end : cutAfter(text, at, limits.maxCharacters);
    windows.push({ start: at, end: cut });
    at = cut === end ? end : overlapStart(text, cut, limits.overlapCharacters);
  }
  return withoutBlanks(text, windows);
}

/** Behind the last line that ends in the second half of the window; else in the middle of a line. */
function cutAfter(text: string, at: number, maxCharacters: number): number {
  const most = at + maxCharacters;
  const lineEnd = text.lastIndexOf('\n', most - 1) + 1;
  return lineEnd > at + maxCharacters / 2 ? lineEnd : wholePair(text, most);
}

/** At the first line that begins within the overlap; else in the middle of a line. */
function overlapStart(text: string, cut: number, overlap: number): number {
  if (overlap === 0) return cut;
  const lineStart = text.indexOf('\n', cut - overlap - 1) + 1;
  return lineStart > 0 && lineStart < cut ? lineStart : wholePair(text, cut - overlap);
}

function wholePair(text: string, at: number): number {
  return isPairCut(text, at) ? at - 1 : at;
}

function withoutBlanks(text: string, windows: readonly Stretch[]): readonly Stretch[] {
  const kept: Stretch[] = [];
  let pending: number | undefined;
  for (const { start, end } of windows) {
    const last = kept.at(-1);
    if (text.slice(start, end).trim() !== '') {
      kept.push({ start: pending ?? start, end });
      pending = undefined;
    } else if (last === undefined) pending ??= start;
    else kept[kept.length - 1] = { start: last.start, end };
  }
  return kept;
}
