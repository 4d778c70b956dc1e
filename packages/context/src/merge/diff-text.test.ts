import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { diffText, type Hunk } from './diff-text.ts';
import { formatUnifiedDiff } from './format-unified-diff.ts';
import { changeSummary } from './line-changes.ts';
import { splitLines } from './line-table.ts';

const numbered = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `${index + 1}\n`);
const replaced = (lines: readonly string[], ...changes: readonly number[]): string =>
  lines.map((line, index) => (changes.includes(index + 1) ? `new ${line}` : line)).join('');

const aLine = fc.constantFrom('a\n', 'b\n', 'c\r\n', '\n', '-- a\n', '@@ -1 +1 @@\n', '\\ No newline\n', '\ud800\n');
const aText = fc
  .tuple(fc.array(aLine, { maxLength: 20 }), fc.constantFrom('', '', 'last'))
  .map(([lines, rest]) => `${lines.join('')}${rest}`);
const aContext = fc.nat(4);

test('a change comes with three lines before and after it', () => {
  const [hunk, ...others] = diffText(numbered(9).join(''), replaced(numbered(9), 5));
  expect(others).toEqual([]);
  expect(hunk).toMatchObject({ fromStart: 2, fromCount: 7, toStart: 2, toCount: 7 });
  expect(hunk?.lines.map(({ kind, text }) => `${kind} ${text.trim()}`)).toEqual([
    ...['same 2', 'same 3', 'same 4', 'removed 5', 'added new 5', 'same 6', 'same 7', 'same 8'],
  ]);
});

test('changes whose lines around them touch are in one hunk, others are not', () => {
  const lines = numbered(20);
  const starts = (...changes: readonly number[]) =>
    diffText(lines.join(''), replaced(lines, ...changes)).map(({ fromStart, fromCount }) => [fromStart, fromCount]);
  expect(starts(5, 12)).toEqual([[2, 14]]);
  expect(starts(5, 13)).toEqual([
    [2, 7],
    [10, 7],
  ]);
});

test('without context a hunk is the change alone, and a range without lines starts at the line before it', () => {
  expect(diffText('a\nc\n', 'a\nb\nc\n', { context: 0 })).toEqual([
    { fromStart: 1, fromCount: 0, toStart: 2, toCount: 1, lines: [{ kind: 'added', text: 'b\n' }] },
  ]);
  expect(diffText('', 'a\n')).toMatchObject([{ fromStart: 0, fromCount: 0, toStart: 1, toCount: 1 }]);
});

test('equal texts have no hunks, and a diff of them is empty', () => {
  fc.assert(
    fc.property(aText, (text) => {
      expect(diffText(text, text)).toEqual([]);
      expect(formatUnifiedDiff(diffText(text, text), { from: 'a', to: 'b' })).toBe('');
    }),
  );
});

test('the hunks applied to one text give the other', () => {
  fc.assert(
    fc.property(aText, aText, aContext, (from, to, context) => {
      expect(applied(from, diffText(from, to, { context }))).toBe(to);
    }),
    { numRuns: 1000 },
  );
});

test('so do those of texts that are too long to be compared whole', () => {
  const aLongText = fc.array(fc.constantFrom('a\n', 'b\n', 'c\n'), { minLength: 150, maxLength: 400, size: 'max' });
  fc.assert(
    fc.property(aLongText, aLongText, (from, to) => {
      expect(applied(from.join(''), diffText(from.join(''), to.join('')))).toBe(to.join(''));
    }),
    { numRuns: 50 },
  );
});

test('the lines of a summary are those of the hunks', () => {
  expect(changeSummary('a\nb\nc\n', 'a\nB\nc\nd\n')).toEqual({ added: 2, removed: 1 });
  fc.assert(
    fc.property(aText, aText, (from, to) => {
      const kinds = diffText(from, to).flatMap(({ lines }) => lines.map(({ kind }) => kind));
      const count = (wanted: string): number => kinds.filter((kind) => kind === wanted).length;
      expect(changeSummary(from, to)).toEqual({ added: count('added'), removed: count('removed') });
    }),
  );
});

test('in a long text, lines that occur once keep together what belongs together', () => {
  const blocks = Array.from({ length: 1000 }, (_, block) => `block ${block}\n${'x\n'.repeat(3)}`).join('');
  const longer = blocks.replace('x\n', 'x\nx\n');
  const ended = `start\n${longer}end\n`;
  expect(changeSummary(blocks, ended)).toEqual({ added: 3, removed: 0 });
});

test('a text of 200000 new lines is one hunk', { timeout: 20_000 }, () => {
  const [hunk] = diffText('', 'x\n'.repeat(200_000));
  expect(hunk?.toCount).toBe(200_000);
});

test('a text beyond the limits is refused', () => {
  const reason = 'payload_too_large/text';
  expect(() => diffText('\n'.repeat(200_001), '')).toThrow(expect.objectContaining({ reason }));
  expect(() => changeSummary('\n'.repeat(200_001), '')).toThrow(expect.objectContaining({ reason }));
});

describe('the unified format', () => {
  test('is that of git', () => {
    expect(formatUnifiedDiff(diffText('a\nb\nc\n', 'a\nB\nc\nd'), { from: 'a/x.txt', to: 'b/x.txt' })).toBe(
      '--- a/x.txt\n+++ b/x.txt\n@@ -1,3 +1,4 @@\n a\n-b\n+B\n c\n+d\n\\ No newline at end of file\n',
    );
    expect(formatUnifiedDiff(diffText('a', 'a\n'), { from: 'f', to: 't' })).toBe(
      '--- f\n+++ t\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n',
    );
  });

  test('quotes a name that would break its line', () => {
    const names = { from: 'a/"q"\\\n', to: 'b/\u0001é' };
    expect(formatUnifiedDiff(diffText('', 'a\n'), names)).toMatch(/^--- "a\/\\"q\\"\\\\\\012"\n\+\+\+ "b\/\\001é"\n@@/);
  });

  test.each([
    ['a\nb\nc\n', 'a\nB\nc\n', 3],
    ['a\r\nb\nc', 'a\nb\nc\r\nd', 3],
    [numbered(40).join(''), replaced(numbered(40), 1, 9, 20, 40), 3],
    [numbered(40).join(''), replaced(numbered(40).slice(5), 3, 30), 1],
    ['x\n'.repeat(30), `${'x\n'.repeat(12)}y\n${'x\n'.repeat(20)}`, 3],
    ['same', 'same\n', 3],
  ])('is understood by git apply: %#', (from, to, context) => {
    const directory = mkdtempSync(join(tmpdir(), 'vltair-diff-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, 'file'), from);
    const patch = formatUnifiedDiff(diffText(from, to, { context }), { from: 'a/file', to: 'b/file' });
    execFileSync('git', ['apply', '--whitespace=nowarn', '-'], { cwd: directory, input: patch });
    expect(readFileSync(join(directory, 'file'), 'utf8')).toBe(to);
  });
});

/** Checks every line that stays or goes against the text that it is applied to. */
function applied(text: string, hunks: readonly Hunk[]): string {
  const lines = splitLines(text);
  const result: string[] = [];
  let at = 0;
  for (const hunk of hunks) {
    const start = hunk.fromCount === 0 ? hunk.fromStart : hunk.fromStart - 1;
    result.push(...lines.slice(at, start));
    const old = hunk.lines.filter(({ kind }) => kind !== 'added').map((line) => line.text);
    expect(old).toEqual(lines.slice(start, start + hunk.fromCount));
    expect(hunk.toStart).toBe(result.length + (hunk.toCount === 0 ? 0 : 1));
    const shown = hunk.lines.filter(({ kind }) => kind !== 'removed');
    expect(shown).toHaveLength(hunk.toCount);
    result.push(...shown.map((line) => line.text));
    at = start + hunk.fromCount;
  }
  return [...result, ...lines.slice(at)].join('');
}
