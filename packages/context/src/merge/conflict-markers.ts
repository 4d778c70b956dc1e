import { splitLines } from './line-table.ts';

/** What stands after the marker of each side, e.g. a branch or an agent; line breaks in it become blanks. */
export interface MergeLabels {
  readonly ours?: string;
  readonly base?: string;
  readonly theirs?: string;
}

/** The three sides of a place where both changed the base, and not in the same way: each text as it is, with its line ends. */
export interface ConflictSides {
  readonly ours: string;
  readonly base: string;
  readonly theirs: string;
}

export interface MarkerStyle {
  readonly size: number;
  readonly lineEnd: '\n' | '\r\n';
  readonly labels: Required<MergeLabels>;
}

/** As git writes them. */
const SHORTEST = 7;

/**
 * How the markers of one merge look. Their size is the least from 7 on that no line begins with as a run of
 * `<`, `|`, `=` or `>`: a line is a marker if, and only if, it begins with exactly so many. Their line end is that of the
 * first line that has one.
 */
export function markerStyle(lines: readonly string[], labels: MergeLabels = {}): MarkerStyle {
  const { ours = 'ours', base = 'base', theirs = 'theirs' } = labels;
  return {
    size: unusedSize(lines),
    lineEnd: lines.find((line) => line.endsWith('\n'))?.endsWith('\r\n') === true ? '\r\n' : '\n',
    labels: { ours, base, theirs },
  };
}

/** The lines of a conflict, from its first marker to its last one. A side whose last line has no end gets one, since a marker follows. */
export function conflictLines(sides: ConflictSides, style: MarkerStyle): readonly string[] {
  const { ours, base, theirs } = style.labels;
  return [
    marker('<', ours, style),
    ...endedLines(sides.ours, style),
    marker('|', base, style),
    ...endedLines(sides.base, style),
    marker('=', '', style),
    ...endedLines(sides.theirs, style),
    marker('>', theirs, style),
  ];
}

function unusedSize(lines: readonly string[]): number {
  const used = new Set(lines.map((line) => /^(?:<+|\|+|=+|>+)/.exec(line)?.[0].length));
  let size = SHORTEST;
  while (used.has(size)) size += 1;
  return size;
}

function marker(sign: string, label: string, { size, lineEnd }: MarkerStyle): string {
  const name = label.replaceAll(/[\r\n]+/g, ' ');
  return `${sign.repeat(size)}${name === '' ? '' : ` ${name}`}${lineEnd}`;
}

function endedLines(text: string, { lineEnd }: MarkerStyle): readonly string[] {
  return splitLines(text).map((line) => (line.endsWith('\n') ? line : `${line}${lineEnd}`));
}
