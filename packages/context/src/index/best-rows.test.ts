import fc from 'fast-check';
import { expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { BestRows } from './best-rows.ts';
import { KthLargest } from './kth-largest.ts';

const scores = fc.array(fc.constantFrom(0, 1, 2, 2.5, -1), { maxLength: 40 });

test('the best are those that sorting all of them puts first; equal ones by id', () => {
  verifies('CE-7');
  fc.assert(
    fc.property(scores, fc.integer({ min: 1, max: 12 }), fc.array(fc.nat(), { maxLength: 40 }), (all, limit, keys) => {
      const idOf = (row: number): string => `${keys[row] ?? 0}/${row}`;
      const rows = all.map((score, row) => ({ row, score }));
      const sorted = rows.toSorted((a, b) => b.score - a.score || (idOf(a.row) < idOf(b.row) ? -1 : 1)).slice(0, limit);
      const best = new BestRows(limit, idOf);
      for (const { row, score } of rows) best.offer(row, score);
      expect(best.sorted()).toEqual(sorted);
    }),
  );
});

test('the k-th largest is the one at that place of all in order', () => {
  fc.assert(
    fc.property(scores, fc.integer({ min: 1, max: 12 }), (all, k) => {
      const kth = new KthLargest(k);
      for (const score of all) kth.offer(score);
      expect(kth.value).toBe(all.toSorted((a, b) => b - a)[k - 1] ?? -Infinity);
    }),
  );
});
