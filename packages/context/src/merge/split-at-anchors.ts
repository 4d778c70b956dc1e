/**
 * Comparing texts whole takes time that grows with the square of their lines, and with the cube where lines repeat. So
 * they are cut first at anchors, lines that all of them share in the same order, into pieces that are cheap to compare:
 *
 * A1 The pieces, joined in their order, are the texts.
 * A2 Between two pieces that differ lies one that is the same, so that no change reaches over a cut.
 * A3 Which of the sides comes first does not matter.
 * A4 The work grows with the lines, not with their square.
 */
import { isSameLines, type LineNumbers } from './line-table.ts';
import { longestIncreasing } from './longest-increasing.ts';

/** What several texts have in one place: one with the role of the base, and the sides that are compared with it. */
export interface Compared {
  readonly base: LineNumbers;
  readonly sides: readonly LineNumbers[];
}

export type Piece =
  | { readonly kind: 'same'; readonly lines: LineNumbers }
  /** Cheap to compare line by line. */
  | ({ readonly kind: 'cheap' } & Compared)
  /** To be taken as one change: two of its texts are equal, or it is too much to compare and has no line left to cut at. */
  | ({ readonly kind: 'whole' } & Compared);

/** How many steps comparing one piece may take, about a millisecond. */
const STEPS_OF_A_PIECE = 1_000_000;

/** A bound for texts that are made to be cut into ever smaller pieces. */
const MOST_ROUNDS = 16;

export function splitAtAnchors(texts: Compared): readonly Piece[] {
  return cut(texts, MOST_ROUNDS);
}

function cut(texts: Compared, rounds: number): readonly Piece[] {
  const { head, inner, tail } = trim(texts);
  return [...same(head), ...cutInner(inner, rounds), ...same(tail)];
}

function same(lines: LineNumbers): readonly Piece[] {
  return lines.length === 0 ? [] : [{ kind: 'same', lines }];
}

function cutInner(inner: Compared, rounds: number): readonly Piece[] {
  const texts = [inner.base, ...inner.sides];
  if (texts.every(({ length }) => length === 0)) return [];
  if (hasEqual(texts)) return [{ kind: 'whole', ...inner }];
  if (inner.sides.every((side) => isCheap(inner.base, side))) return [{ kind: 'cheap', ...inner }];
  const anchors = rounds === 0 ? [] : anchorsOf(inner);
  if (anchors.length === 0) return [{ kind: 'whole', ...inner }];
  return cutBefore(inner, anchors).flatMap((part) => cut(part, rounds - 1));
}

// --- what all texts begin and end with

function trim({ base, sides }: Compared): { head: LineNumbers; inner: Compared; tail: LineNumbers } {
  const shortest = Math.min(base.length, ...sides.map(({ length }) => length));
  let head = 0;
  while (head < shortest && sides.every((side) => side[head] === base[head])) head += 1;
  let tail = 0;
  while (tail < shortest - head && sides.every((side) => side.at(-1 - tail) === base.at(-1 - tail))) tail += 1;
  const innerOf = (text: LineNumbers): LineNumbers => text.slice(head, text.length - tail);
  return {
    head: base.slice(0, head),
    inner: { base: innerOf(base), sides: sides.map(innerOf) },
    tail: base.slice(base.length - tail),
  };
}

// --- what a comparison costs

function hasEqual(texts: readonly LineNumbers[]): boolean {
  return texts.some((text, index) => texts.slice(index + 1).some((other) => isSameLines(text, other)));
}

/** The longest common subsequence of node-diff3 walks along what it has found so far for every pair of equal lines. */
function isCheap(base: LineNumbers, side: LineNumbers): boolean {
  const length = Math.min(base.length, side.length);
  return base.length * side.length * length <= STEPS_OF_A_PIECE || pairs(base, side) * length <= STEPS_OF_A_PIECE;
}

function pairs(base: LineNumbers, side: LineNumbers): number {
  const counts = new Map<number, number>();
  for (const line of base) counts.set(line, (counts.get(line) ?? 0) + 1);
  return side.reduce((sum, line) => sum + (counts.get(line) ?? 0), 0);
}

// --- where to cut

/** Where one anchor stands in the base, and in each of the sides. */
interface Anchor {
  readonly base: number;
  readonly sides: readonly number[];
}

/** Lines that occur once say best what belongs together; where none do, the first occurrence goes with the first, and so on. */
function anchorsOf(texts: Compared): readonly Anchor[] {
  const anchors = sharedAnchors(texts, (inBase, inSide) => (inBase.length === 1 && inSide.length === 1 ? 1 : 0));
  if (anchors.length > 0) return anchors;
  return sharedAnchors(texts, (inBase, inSide) => Math.min(inBase.length, inSide.length));
}

/** How many of the places of a line, in the base and in a side, go together. */
type Pairing = (inBase: readonly number[], inSide: readonly number[]) => number;

/** The base is paired with each side alone, so that the order of the sides does not matter (A3). */
function sharedAnchors({ base, sides }: Compared, pairing: Pairing): readonly Anchor[] {
  const inBase = placesOf(base);
  const partners = sides.map((side) => partnersIn(inBase, placesOf(side), pairing));
  const shared: Anchor[] = [];
  for (const place of base.keys()) {
    const found = partners.map((partner) => partner.get(place)).filter((partner) => partner !== undefined);
    if (found.length === sides.length) shared.push({ base: place, sides: found });
  }
  return shared;
}

type Places = ReadonlyMap<number, readonly number[]>;

function placesOf(text: LineNumbers): Places {
  return Map.groupBy(text.keys(), (place) => text[place] ?? -1);
}

/** From places in the base to places in a side: as many as can go together without crossing. */
function partnersIn(inBase: Places, inSide: Places, pairing: Pairing): ReadonlyMap<number, number> {
  const couples = [...inBase].flatMap(([line, places]) => {
    const others = inSide.get(line) ?? [];
    return places.slice(0, pairing(places, others)).map((place, index) => [place, others[index] ?? -1] as const);
  });
  const ordered = couples.toSorted(([a], [b]) => a - b);
  const kept = longestIncreasing(ordered.map(([, partner]) => partner));
  return new Map(kept.map((index) => ordered[index] ?? [-1, -1]));
}

/** The parts before the first anchor, from each anchor to the next, and from the last one on: all but the first begin with a line in common. */
function cutBefore({ base, sides }: Compared, anchors: readonly Anchor[]): readonly Compared[] {
  const starts: readonly Anchor[] = [{ base: 0, sides: sides.map(() => 0) }, ...anchors];
  return starts.map((start, index) => {
    const end = starts[index + 1];
    return {
      base: base.slice(start.base, end?.base),
      sides: sides.map((side, at) => side.slice(start.sides[at], end?.sides[at])),
    };
  });
}
