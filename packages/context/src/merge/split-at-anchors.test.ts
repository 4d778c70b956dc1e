import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LineNumbers } from './line-table.ts';
import { splitAtAnchors, type Compared, type Piece } from './split-at-anchors.ts';

/** Long and of few different lines, so that comparing them whole would not be cheap. */
const aRepeatingText = fc
  .integer({ min: 1, max: 4 })
  .chain((most) => fc.array(fc.nat(most), { minLength: 150, maxLength: 300, size: 'max' }));
const threeTexts = fc.tuple(aRepeatingText, aRepeatingText, aRepeatingText);
const options = { numRuns: 60 };

test('A1: the pieces, joined, are the texts', () => {
  fc.assert(
    fc.property(threeTexts, ([base, ours, theirs]) => {
      const pieces = splitAtAnchors({ base, sides: [ours, theirs] });
      expect(pieces.flatMap((piece) => (piece.kind === 'same' ? piece.lines : piece.base))).toEqual(base);
      expect(pieces.flatMap((piece) => sideOf(piece, 0))).toEqual(ours);
      expect(pieces.flatMap((piece) => sideOf(piece, 1))).toEqual(theirs);
    }),
    options,
  );
});

test('A2: no two pieces that differ lie next to each other', () => {
  fc.assert(
    fc.property(threeTexts, ([base, ours, theirs]) => {
      const kinds = splitAtAnchors({ base, sides: [ours, theirs] }).map(({ kind }) => (kind === 'same' ? '=' : 'x'));
      expect(kinds.join('')).not.toContain('xx');
    }),
    options,
  );
});

test('A3: swapping the sides swaps the sides of the pieces', () => {
  fc.assert(
    fc.property(threeTexts, ([base, ours, theirs]) => {
      const swapped = splitAtAnchors({ base, sides: [theirs, ours] }).map(withSidesSwapped);
      expect(swapped).toEqual(splitAtAnchors({ base, sides: [ours, theirs] }));
    }),
    options,
  );
});

test('A4: no piece that is to be compared is large, and what is large is cut where lines are shared', () => {
  const base = Array.from({ length: 4000 }, (_, line) => line);
  const side = base.flatMap((line) => (line % 1000 === 500 ? [-1, line] : [line]));
  const texts: Compared = { base, sides: [side, [...base, -2]] };
  const open = splitAtAnchors(texts).filter(({ kind }) => kind !== 'same');
  expect(open).toHaveLength(5);
  expect(open.every((piece) => sideOf(piece, 0).length <= 1)).toBe(true);
});

test('A4: where every line repeats, first occurrences go with first ones', () => {
  const base = Array.from({ length: 2000 }, () => 7);
  const side = base.flatMap((line, index) => (index === 500 || index === 1500 ? [1 + index, line] : [line]));
  const open = splitAtAnchors({ base, sides: [side] }).filter(({ kind }) => kind !== 'same');
  expect(open.map((piece) => sideOf(piece, 0))).toEqual([[501], [1501]]);
});

test('a piece is taken as a whole when two of its texts are equal, or no line is shared by all', () => {
  const base = Array.from({ length: 4000 }, (_, line) => line);
  const ours = base.map((line) => (line % 2 === 0 ? line : line + 10_000));
  const theirs = base.map((line) => (line % 2 === 1 ? line : line + 10_000));
  expect(splitAtAnchors({ base, sides: [ours, theirs] })).toEqual([{ kind: 'whole', base, sides: [ours, theirs] }]);
  expect(splitAtAnchors({ base: [1, 2], sides: [[1, 2], [3]] })).toMatchObject([{ kind: 'whole' }]);
  expect(splitAtAnchors({ base: [1, 2], sides: [[3, 2, 4], [5]] })).toMatchObject([{ kind: 'cheap' }]);
});

function sideOf(piece: Piece, index: number): LineNumbers {
  return piece.kind === 'same' ? piece.lines : (piece.sides[index] ?? []);
}

function withSidesSwapped(piece: Piece): Piece {
  return piece.kind === 'same' ? piece : { ...piece, sides: piece.sides.toReversed() };
}
