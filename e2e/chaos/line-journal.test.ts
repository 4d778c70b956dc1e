import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { LineJournal, readLines } from './line-journal.ts';

test('a line that a killed writer left unfinished is left out, and harms none of its successor', () => {
  const root = mkdtempSync(join(tmpdir(), 'vltair-lines-'));
  const path = join(root, 'journal.jsonl');
  new LineJournal<number>(path).write(1);
  appendFileSync(path, '{"is": "to');
  new LineJournal<number>(path).writeSynced(2);
  expect(readLines(path, z.int())).toEqual([1, 2]);
  expect(readLines(join(root, 'none'), z.int())).toEqual([]);
  rmSync(root, { recursive: true, force: true });
});
