import { describe, expect, test } from 'vitest';
import { mergeText } from './merge-text.ts';

const text = (...lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
const base = text('one', 'two', 'three', 'four', 'five');

test('changes that lie apart are both taken over', () => {
  const ours = text('ONE', 'two', 'three', 'four', 'five');
  const theirs = text('one', 'two', 'three', 'four', 'five', 'six');
  expect(mergeText({ base, ours, theirs })).toEqual({
    text: text('ONE', 'two', 'three', 'four', 'five', 'six'),
    added: 2,
    removed: 1,
    conflicts: 0,
    conflictList: [],
    markerSize: 7,
  });
});

test('what both sides change in the same way is no conflict', () => {
  const ours = text('one', 'TWO', 'three', 'four', 'five');
  const theirs = text('one', 'TWO', 'three', 'five');
  expect(mergeText({ base, ours, theirs })).toMatchObject({ text: theirs, conflicts: 0, added: 1, removed: 2 });
});

test('two changes of a line are a conflict, with both sides and the base between markers', () => {
  const ours = text('one', 'zwei', 'three', 'four', 'five');
  const theirs = text('one', 'deux', 'three', 'four', 'FIVE');
  const { text: merged, ...rest } = mergeText({ base, ours, theirs });
  expect(merged).toBe(
    text(
      'one',
      '<<<<<<< ours',
      'zwei',
      '||||||| base',
      'two',
      '=======',
      'deux',
      '>>>>>>> theirs',
      'three',
      'four',
      'FIVE',
    ),
  );
  expect(rest).toEqual({
    added: 7,
    removed: 1,
    conflicts: 1,
    conflictList: [{ fromLine: 2, toLine: 8, ours: 'zwei\n', base: 'two\n', theirs: 'deux\n' }],
    markerSize: 7,
  });
});

test('changes of lines next to each other are a conflict, since neither side has seen the other', () => {
  const ours = text('one', 'zwei', 'three', 'four', 'five');
  const theirs = text('one', 'two', 'trois', 'four', 'five');
  expect(mergeText({ base, ours, theirs }).conflictList).toEqual([
    { fromLine: 2, toLine: 11, ours: text('zwei', 'three'), base: text('two', 'three'), theirs: text('two', 'trois') },
  ]);
});

test('each conflict says where it lies', () => {
  const ours = text('1', 'two', 'three', 'four', 'V');
  const theirs = text('I', 'two', 'three', 'four', '5');
  const merged = mergeText({ base, ours, theirs });
  const lines = merged.text.split('\n');
  expect(merged.conflicts).toBe(2);
  expect(merged.conflictList.map(({ fromLine }) => lines[fromLine - 1])).toEqual(['<<<<<<< ours', '<<<<<<< ours']);
  expect(merged.conflictList.map(({ toLine }) => lines[toLine - 1])).toEqual(['>>>>>>> theirs', '>>>>>>> theirs']);
});

test('a side that deletes what the other one changes is a conflict with an empty side', () => {
  const { text: merged, conflictList } = mergeText({ base: 'a\n', ours: '', theirs: 'b\n' });
  expect(merged).toBe('<<<<<<< ours\n||||||| base\na\n=======\nb\n>>>>>>> theirs\n');
  expect(conflictList).toEqual([{ fromLine: 1, toLine: 6, ours: '', base: 'a\n', theirs: 'b\n' }]);
});

describe('labels', () => {
  const conflict = { base: 'a\n', ours: 'b\n', theirs: 'c\n' };

  test('stand after the markers, none for an empty one', () => {
    const labels = { ours: 'agent fix', base: '', theirs: 'agent test' };
    expect(mergeText({ ...conflict, labels }).text).toBe(
      text('<<<<<<< agent fix', 'b', '|||||||', 'a', '=======', 'c', '>>>>>>> agent test'),
    );
  });

  test('cannot break the line of their marker', () => {
    const labels = { ours: 'x\r\n=======\ny' };
    expect(mergeText({ ...conflict, labels }).text).toMatch(/^<<<<<<< x ======= y\nb\n\|/);
  });
});

describe('line ends', () => {
  test('CRLF and LF stay what they are, line by line', () => {
    const merged = mergeText({ base: 'a\r\nb\nc\r\nd\n', ours: 'A\r\nb\nc\r\nd\n', theirs: 'a\r\nb\nc\r\nD\n' });
    expect(merged.text).toBe('A\r\nb\nc\r\nD\n');
  });

  test('a line whose end alone is changed is changed', () => {
    expect(mergeText({ base: 'a\nb\nc\n', ours: 'a\r\nb\nc\n', theirs: 'a\nb\nc' })).toMatchObject({
      text: 'a\r\nb\nc',
      added: 2,
      removed: 2,
    });
  });

  test('a missing one at the end stays missing', () => {
    expect(mergeText({ base: 'a\nb\nc', ours: 'A\nb\nc', theirs: 'a\nb\nc' }).text).toBe('A\nb\nc');
  });

  test('a missing one is made up before a marker alone, and the side in the list is without', () => {
    const merged = mergeText({ base: 'a\nb', ours: 'a\nc', theirs: 'a\nd' });
    expect(merged.text).toBe('a\n<<<<<<< ours\nc\n||||||| base\nb\n=======\nd\n>>>>>>> theirs\n');
    expect(merged.conflictList).toMatchObject([{ ours: 'c', base: 'b', theirs: 'd' }]);
  });

  test('markers end as the lines of the text do', () => {
    const merged = mergeText({ base: 'a\r\n', ours: 'b\r\n', theirs: 'c' });
    expect(merged.text).toBe('<<<<<<< ours\r\nb\r\n||||||| base\r\na\r\n=======\r\nc\r\n>>>>>>> theirs\r\n');
  });
});

describe('markers', () => {
  test.each(['<<<<<<< ours', '||||||| base', '=======', '>>>>>>> theirs'])('are longer where a line is %j', (line) => {
    const merged = mergeText({ base: text('a', line), ours: text('b', line), theirs: text('c', line) });
    expect(merged.markerSize).toBe(8);
    expect(merged.text.split('\n').slice(0, 4)).toEqual(['<<<<<<<< ours', 'b', '|||||||| base', 'a']);
  });

  test('pass over every length that is in use, and only those', () => {
    const lines = text('=======', '>>>>>>>> x', '='.repeat(40));
    expect(mergeText({ base: lines, ours: lines, theirs: lines }).markerSize).toBe(9);
  });
});

test('lone surrogates and U+0000 come through untouched', () => {
  const odd = 'x\ud800\u0000\ny\udc00\ufffd\n';
  expect(mergeText({ base: `${odd}a\nb\n`, ours: `${odd}A\nb\n`, theirs: `\u0000${odd}a\nb\n` }).text).toBe(
    `\u0000${odd}A\nb\n`,
  );
  expect(mergeText({ base: '\ud800\n', ours: '\ud801\n', theirs: '\ud802\n' }).conflictList).toMatchObject([
    { ours: '\ud801\n', base: '\ud800\n', theirs: '\ud802\n' },
  ]);
});

test.each(['constructor', '__proto__', 'toString', '1', '-1'])('a line %j is a line like any other', (line) => {
  const merged = mergeText({
    base: text('a', 'b', 'c'),
    ours: text(line, 'a', 'b', 'c'),
    theirs: text('a', 'b', 'c', line),
  });
  expect(merged.text).toBe(text(line, 'a', 'b', 'c', line));
});

test('a side beyond the limits is refused', () => {
  const reason = 'payload_too_large/text';
  expect(() => mergeText({ base: '', ours: '\n'.repeat(200_001), theirs: '' })).toThrow(
    expect.objectContaining({ reason }),
  );
});

/** Without cutting at anchors these take from half a minute to hours. */
describe('long texts', { timeout: 20_000 }, () => {
  const changed = (lines: readonly string[], at: number, change: (line: string) => string): string =>
    lines.map((line, index) => (index % 1000 === at ? change(line) : line)).join('');
  const aMerge = (lines: readonly string[], change: (line: string) => string) => ({
    base: lines.join(''),
    ours: changed(lines, 200, change),
    theirs: changed(lines, 700, change),
  });

  test('of different lines merge where they are changed', () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`);
    const merged = mergeText(aMerge(lines, (line) => `changed ${line}`));
    expect(merged).toMatchObject({ added: 40, removed: 40, conflicts: 0 });
    expect(merged.text).toBe(lines.map((line, index) => (index % 500 === 200 ? `changed ${line}` : line)).join(''));
  });

  test('of one line again and again merge as well', () => {
    const lines = Array.from({ length: 20_000 }, () => 'x\n');
    expect(mergeText(aMerge(lines, (line) => `new\n${line}`))).toMatchObject({ added: 40, removed: 0, conflicts: 0 });
  });

  test('that have nothing in common are one conflict', () => {
    const lines = (side: string): string => Array.from({ length: 20_000 }, (_, index) => `${side} ${index}\n`).join('');
    expect(mergeText({ base: lines('base'), ours: lines('ours'), theirs: lines('theirs') }).conflicts).toBe(1);
  });

  test('where the sides change every other line are one conflict', () => {
    const lines = (odd: string, even: string): string =>
      Array.from({ length: 20_000 }, (_, index) => `${index % 2 === 0 ? even : odd}${index}\n`).join('');
    expect(mergeText({ base: lines('', ''), ours: lines('o', ''), theirs: lines('', 't') }).conflicts).toBe(1);
  });
});
