import { lineChanges, type LineChange } from './line-changes.ts';
import { linesOf, tabulate, type LineNumbers, type LineTable } from './line-table.ts';

export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added';
  /** The line with what ends it; the last one of a text may have no end. */
  readonly text: string;
}

/**
 * Changes that lie close together, with the lines around them. Its place is that of the unified format: lines are counted
 * from 1, and a range without lines starts at the line before it, 0 for the beginning of the text.
 */
export interface Hunk {
  readonly fromStart: number;
  readonly fromCount: number;
  readonly toStart: number;
  readonly toCount: number;
  readonly lines: readonly DiffLine[];
}

export interface DiffOptions {
  /** How many lines that stay are shown before and after a change: 3 unless told. */
  readonly context?: number;
}

/**
 * What turns one text into another, line by line; nothing when they are equal.
 *
 * @throws VltairError `payload_too_large/text` beyond {@link TEXT_LIMITS}
 */
export function diffText(from: string, to: string, { context = 3 }: DiffOptions = {}): readonly Hunk[] {
  const table = tabulate([from, to]);
  const [inFrom = [], inTo = []] = table.texts;
  return grouped(lineChanges(inFrom, inTo), context).map((changes) => hunkOf(changes, inFrom, table, context));
}

/** A group is at least one change, so that what it begins and ends with is known. */
type Group = readonly [LineChange, ...LineChange[]];

/** Changes are in one hunk when the lines shown after one and before the next would touch. */
function grouped(changes: readonly LineChange[], context: number): readonly Group[] {
  const groups: [LineChange, ...LineChange[]][] = [];
  let end = 0;
  for (const change of changes) {
    const last = groups.at(-1);
    if (last !== undefined && change.from - end <= 2 * context) last.push(change);
    else groups.push([change]);
    end = change.from + change.removed.length;
  }
  return groups;
}

function hunkOf(changes: Group, inFrom: LineNumbers, table: LineTable, context: number): Hunk {
  const [first] = changes;
  const before = Math.min(context, first.from);
  const shown = (kind: DiffLine['kind'], numbers: LineNumbers): readonly DiffLine[] =>
    linesOf(table, numbers).map((text) => ({ kind, text }));
  let at = first.from - before;
  const parts = changes.flatMap(({ from, removed, added }) => {
    const unchanged = inFrom.slice(at, from);
    at = from + removed.length;
    return [shown('same', unchanged), shown('removed', removed), shown('added', added)];
  });
  const lines = [...parts, shown('same', inFrom.slice(at, at + context))].flat();
  return { ...placeOf(first.from - before, first.to - before, lines), lines };
}

function placeOf(from: number, to: number, lines: readonly DiffLine[]): Omit<Hunk, 'lines'> {
  const fromCount = lines.filter(({ kind }) => kind !== 'added').length;
  const toCount = lines.filter(({ kind }) => kind !== 'removed').length;
  return { fromStart: startOf(from, fromCount), fromCount, toStart: startOf(to, toCount), toCount };
}

function startOf(index: number, count: number): number {
  return count === 0 ? index : index + 1;
}
