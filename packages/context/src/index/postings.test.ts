import { expect, test } from 'vitest';
import { Postings, rowOf } from './postings.ts';

test('every row of a term comes back in order, with how often the row has it', () => {
  const postings = new Postings();
  const countAt = (row: number): number => (row % 50 === 0 ? 127 + row : 1 + (row % 126));
  for (let row = 0; row < 3_000; row += 1) {
    postings.add('all', row, countAt(row));
    if (row % 7 === 0) postings.add(`some ${row % 3}`, row, 1);
  }
  const term = postings.find('all') ?? -1;
  const read = [...postings.pieces(term)].flatMap((piece) =>
    [...piece].map((posting) => [rowOf(posting), postings.occurrences(posting, term)]),
  );
  expect(read).toEqual(Array.from({ length: 3_000 }, (_, row) => [row, countAt(row)]));
  expect(postings.size).toBe(4);
  expect(postings.find('none')).toBeUndefined();
});

test('a term that occurs once costs little', () => {
  const postings = new Postings();
  for (let row = 0; row < 200_000; row += 1) postings.add(`term ${row}`, row, 1);
  expect(postings.bytes / 200_000).toBeLessThan(64);
});
