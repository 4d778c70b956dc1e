import { diff3MergeRegions } from 'node-diff3';
import {
  conflictLines,
  markerStyle,
  type ConflictSides,
  type MarkerStyle,
  type MergeLabels,
} from './conflict-markers.ts';
import { summarise, type ChangeSummary } from './line-changes.ts';
import { isSameLines, linesOf, tabulate, type LineNumbers, type LineTable } from './line-table.ts';
import { splitAtAnchors, type Piece } from './split-at-anchors.ts';

export interface MergeSides {
  /** What both sides come from. */
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
}

export interface TextToMerge extends MergeSides {
  readonly labels?: MergeLabels;
}

/** Where a conflict lies in the merged text: its first and its last marker, counted from 1, and what stands between them. */
export interface Conflict extends ConflictSides {
  readonly fromLine: number;
  readonly toLine: number;
}

/** A merged text, with the lines that it has more and less than the base, markers included. */
export interface MergedText extends ChangeSummary {
  readonly text: string;
  /** How many there are; 0 for a clean merge. */
  readonly conflicts: number;
  readonly conflictList: readonly Conflict[];
  /** How many signs each marker of the text begins with; no other line of a text in conflict begins with exactly so many. */
  readonly markerSize: number;
}

/**
 * Merges what two sides made of one text, line by line (diff3). A change of one side, or of both in the same way, is
 * taken over; two changes of the same lines, or of lines next to each other, are a conflict, with markers as git writes
 * them in its style `diff3`. A line includes its end: CRLF, LF and a missing line end at the end of the text stay what
 * they are. Swapping the sides of a clean merge gives the same text.
 *
 * @throws VltairError `payload_too_large/text` when a side is beyond {@link TEXT_LIMITS}
 */
export function mergeText({ base, ours, theirs, labels }: TextToMerge): MergedText {
  const table = tabulate([base, ours, theirs]);
  const [inBase = [], inOurs = [], inTheirs = []] = table.texts;
  const style = markerStyle(table.lines, labels);
  const parts = splitAtAnchors({ base: inBase, sides: [inOurs, inTheirs] }).flatMap(mergePiece);
  const { lines, conflictList } = write(parts, table, style);
  return {
    text: lines.join(''),
    ...summarise(linesOf(table, inBase), lines),
    conflicts: conflictList.length,
    conflictList,
    markerSize: style.size,
  };
}

// --- what is merged, in line numbers

type Part =
  | { readonly kind: 'settled'; readonly lines: LineNumbers }
  | { readonly kind: 'conflict'; readonly ours: LineNumbers; readonly base: LineNumbers; readonly theirs: LineNumbers };

function mergePiece(piece: Piece): readonly Part[] {
  if (piece.kind === 'same') return [settled(piece.lines)];
  const { kind, base } = piece;
  const [ours = [], theirs = []] = piece.sides;
  return kind === 'cheap' ? mergeRegions(ours, base, theirs) : [mergeWhole(ours, base, theirs)];
}

function mergeRegions(ours: LineNumbers, base: LineNumbers, theirs: LineNumbers): readonly Part[] {
  return diff3MergeRegions([...ours], [...base], [...theirs]).map((region) =>
    region.stable ? settled(region.bufferContent) : mergeWhole(region.aContent, region.oContent, region.bContent),
  );
}

function mergeWhole(ours: LineNumbers, base: LineNumbers, theirs: LineNumbers): Part {
  if (isSameLines(ours, theirs) || isSameLines(base, theirs)) return settled(ours);
  return isSameLines(base, ours) ? settled(theirs) : { kind: 'conflict', ours, base, theirs };
}

function settled(lines: LineNumbers): Part {
  return { kind: 'settled', lines };
}

// --- as text

interface Written {
  readonly lines: readonly string[];
  readonly conflictList: readonly Conflict[];
}

function write(parts: readonly Part[], table: LineTable, style: MarkerStyle): Written {
  const lines: string[] = [];
  const conflictList: Conflict[] = [];
  for (const part of parts) {
    if (part.kind === 'settled') {
      for (const line of linesOf(table, part.lines)) lines.push(line);
      continue;
    }
    const sides = sidesOf(part, table);
    const fromLine = lines.length + 1;
    for (const line of conflictLines(sides, style)) lines.push(line);
    conflictList.push({ fromLine, toLine: lines.length, ...sides });
  }
  return { lines, conflictList };
}

function sidesOf({ ours, base, theirs }: Part & { kind: 'conflict' }, table: LineTable): ConflictSides {
  const textOf = (numbers: LineNumbers): string => linesOf(table, numbers).join('');
  return { ours: textOf(ours), base: textOf(base), theirs: textOf(theirs) };
}
