import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitLines } from './line-table.ts';
import { mergeText, type Conflict, type MergeSides } from './merge-text.ts';

/** Few different lines, so that the sides have much in common, among them lines that look like markers. */
const aLine = fc
  .tuple(
    fc.constantFrom(
      'a',
      'b',
      'c',
      '',
      '\ud800',
      '\u0000',
      '__proto__',
      '=======',
      '<<<<<<< ours',
      '|||||||| x',
      '>>>>>>>>>',
    ),
    fc.constantFrom('\n', '\n', '\n', '\r\n'),
  )
  .map(([content, end]) => `${content}${end}`);
const aText = fc
  .tuple(fc.array(aLine, { maxLength: 12 }), fc.constantFrom('', '', 'last', 'a\r'))
  .map(([lines, rest]) => `${lines.join('')}${rest}`);

/** A side that comes from the base: some lines replaced, dropped or added. */
const sidesOf = (base: string): fc.Arbitrary<MergeSides> => {
  const change = fc.tuple(fc.nat(splitLines(base).length), fc.nat(2), fc.array(aLine, { maxLength: 2 }));
  const side = fc
    .array(change, { maxLength: 3 })
    .map((changes) =>
      changes
        .reduce((lines, [at, dropped, added]) => lines.toSpliced(at, dropped, ...added), [...splitLines(base)])
        .join(''),
    );
  return fc.record({ base: fc.constant(base), ours: fc.oneof(side, aText), theirs: fc.oneof(side, aText) });
};
const threeSides = aText.chain(sidesOf);
const options = { numRuns: 1000 };

test('a text merged with itself is that text', () => {
  fc.assert(
    fc.property(aText, aText, (base, same) => {
      expect(mergeText({ base, ours: same, theirs: same })).toMatchObject({ text: same, conflicts: 0 });
    }),
  );
});

test('where one side alone has changed the base, the merge is that side', () => {
  fc.assert(
    fc.property(aText, aText, (base, side) => {
      expect(mergeText({ base, ours: base, theirs: side })).toMatchObject({ text: side, conflicts: 0 });
      expect(mergeText({ base, ours: side, theirs: base })).toMatchObject({ text: side, conflicts: 0 });
    }),
  );
});

test('swapping the sides changes no clean merge, and swaps the sides of every conflict', () => {
  fc.assert(
    fc.property(threeSides, ({ base, ours, theirs }) => {
      const merged = mergeText({ base, ours, theirs });
      const swapped = mergeText({ base, ours: theirs, theirs: ours });
      if (merged.conflicts === 0) expect(swapped).toEqual(merged);
      expect(swapped.conflictList.map(({ ours: b, theirs: a }) => [a, b])).toEqual(
        merged.conflictList.map(({ ours: a, theirs: b }) => [a, b]),
      );
    }),
    options,
  );
});

test('a reader who knows the size of the markers finds the conflicts in the text, and nothing else', () => {
  fc.assert(
    fc.property(threeSides, (sides) => {
      const { text, conflictList, markerSize } = mergeText(sides);
      const found = conflictsIn(text, markerSize);
      expect(found.map(({ fromLine, toLine }) => [fromLine, toLine])).toEqual(
        conflictList.map(({ fromLine, toLine }) => [fromLine, toLine]),
      );
      for (const [index, { ours, base, theirs }] of conflictList.entries()) {
        expect(found[index]?.sides.map(withoutLastEnd)).toEqual([ours, base, theirs].map(withoutLastEnd));
      }
    }),
    options,
  );
});

test('no line that a side has added is lost, and none is made up', () => {
  fc.assert(
    fc.property(threeSides, (sides) => {
      const merged = mergeText(sides);
      const resolvedTo = (side: 'ours' | 'theirs'): readonly string[] => splitLines(resolved(merged, side));
      for (const side of ['ours', 'theirs'] as const) {
        const other = side === 'ours' ? 'theirs' : 'ours';
        const added = surplus(splitLines(sides[side]), splitLines(sides.base));
        expect(surplus(added, resolvedTo(side))).toEqual([]);
        const known = [...splitLines(sides[side]), ...splitLines(sides[other])];
        expect(resolvedTo(side).filter((line) => !known.includes(line))).toEqual([]);
      }
    }),
    options,
  );
});

interface FoundConflict extends Pick<Conflict, 'fromLine' | 'toLine'> {
  readonly sides: readonly string[];
}

/** Reads markers as git does: a line that begins with so many of one sign, and no more. */
function conflictsIn(text: string, size: number): readonly FoundConflict[] {
  const found: { fromLine: number; toLine: number; sides: string[] }[] = [];
  for (const [index, line] of splitLines(text).entries()) {
    const sign = /^(?:<+|\|+|=+|>+)/.exec(line)?.[0] ?? '';
    const last = found.at(-1);
    if (sign.length !== size) last?.sides.push(`${last.sides.pop() ?? ''}${line}`);
    else if (sign.startsWith('<')) found.push({ fromLine: index + 1, toLine: 0, sides: [''] });
    else if (sign.startsWith('>') && last !== undefined) last.toLine = index + 1;
    else last?.sides.push('');
    if (sign.length === size && sign.startsWith('>')) last?.sides.push('');
  }
  return found.map((conflict) => ({ ...conflict, sides: conflict.sides.slice(0, 3) }));
}

/** A line end is made up before a marker, also after a `\r` that stood alone. */
function withoutLastEnd(text: string): string {
  return text.replace(/\r*\n?$/, '');
}

/** The merged text with each conflict replaced by one of its sides. */
function resolved({ text, conflictList }: ReturnType<typeof mergeText>, side: 'ours' | 'theirs'): string {
  const lines: string[] = [...splitLines(text)];
  for (const { fromLine, toLine, [side]: chosen } of conflictList.toReversed()) {
    lines.splice(fromLine - 1, toLine - fromLine + 1, chosen);
  }
  return lines.join('');
}

/** What is more often in some lines than in others. */
function surplus(some: readonly string[], others: readonly string[]): readonly string[] {
  const left = [...others];
  return some.filter((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
