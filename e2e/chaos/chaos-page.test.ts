// docs/chaos.md is held to the faults and to the command.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { allFaults } from './faults/all-faults.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/chaos.md'), 'utf8');

test('the page names every fault, and no other', () => {
  const rows = page.split('## What goes wrong')[1]?.split('## What must hold')[0] ?? '';
  const named = [...rows.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name);
  expect(new Set(named)).toEqual(new Set(allFaults.map(({ name }) => name)));
});
