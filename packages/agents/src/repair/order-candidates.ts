/**
 * The order in which candidates are tried: one fixed score, the same every time.
 *
 *     score = suspicion(line)^4 * worth / (1 + k / 16)
 *     worth = odds(edit) * plausibility(edit) * 2^(2.5 gain) / (1 + size / 20) / (1 + j / 5)
 *
 * `gain` says by how many bits a token the line gets more natural (`naturalness`), from -1 to 1.
 * The power sharpens: a line that is half as suspicious is sixteen times less likely to be the one.
 * `j` counts the better guesses of the same operator on the same line, `k` the worthier candidates on the same line. Both make
 * returns diminish: a line with hundreds of variables to try gives way to the next suspicious lines after its first dozen, and
 * comes back later. Ties break by file, offset, operator, replacement, which is total because edits of equal text are one edit.
 */
import { rankedLineKey, type SuspiciousLine } from './rank-lines.ts';
import type { Edit } from './apply-edit.ts';
import { editOdds } from './edit-odds.ts';

export interface OrderedEdit {
  readonly edit: Edit;
  /** Twelve places. */
  readonly score: number;
}

/** Bits a token by which an edit makes its lines more natural. */
export type NaturalGain = (edit: Edit) => number;

const sharpness = 4;
const sameOperatorPatience = 5;
const sameLinePatience = 16;
const sizePatience = 20;
const naturalWeight = 2.5;

/** The edits, most promising first. Edits of lines that are under no suspicion come last, with score 0. */
export function orderCandidates(
  edits: readonly Edit[],
  suspicious: readonly SuspiciousLine[],
  naturalGain: NaturalGain = () => 0,
): readonly OrderedEdit[] {
  const suspicion = new Map(suspicious.map((each) => [rankedLineKey(each.file, each.line), each.score] as const));
  return [...groupBy(edits, (edit) => rankedLineKey(edit.file, edit.line))]
    .flatMap(([key, group]) => scoreLine(group, suspicion.get(key) ?? 0, naturalGain))
    .toSorted((a, b) => b.score - a.score || compareEdits(a.edit, b.edit));
}

function scoreLine(edits: readonly Edit[], suspicion: number, naturalGain: NaturalGain): readonly OrderedEdit[] {
  const worthy = [...groupBy(edits, (edit) => edit.operator).values()]
    .flatMap((group) =>
      group.toSorted(compareGuesses).map((edit, place) => ({ edit, worth: worthOf(edit, place, naturalGain(edit)) })),
    )
    .toSorted((a, b) => b.worth - a.worth || compareEdits(a.edit, b.edit));
  return worthy.map(({ edit, worth }, place) => ({
    edit,
    score: rounded((suspicion ** sharpness * worth) / (1 + place / sameLinePatience)),
  }));
}

function worthOf(edit: Edit, place: number, gain: number): number {
  const natural = 2 ** (naturalWeight * Math.max(-1, Math.min(1, gain)));
  return (
    (editOdds(edit) * edit.plausibility * natural) / (1 + edit.size / sizePatience) / (1 + place / sameOperatorPatience)
  );
}

function compareGuesses(a: Edit, b: Edit): number {
  return a.rank - b.rank || a.size - b.size || compareEdits(a, b);
}

/** File, offset, operator, replacement: total over edits that differ in text. */
export function compareEdits(a: Edit, b: Edit): number {
  return (
    compareText(a.file, b.file) ||
    a.start - b.start ||
    a.end - b.end ||
    compareText(a.operator, b.operator) ||
    compareText(a.replacement, b.replacement)
  );
}

function rounded(score: number): number {
  return Math.round(score * 1e12) / 1e12;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): ReadonlyMap<string, readonly Item[]> {
  return Map.groupBy(items, keyOf);
}
