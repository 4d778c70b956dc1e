// docs/simulation.md is held to the simulation.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { mutants } from './simulation/mutants.ts';
import { faultKinds } from './simulation/scenario.ts';
import { invariants } from './simulation/violation.ts';

const root = resolve(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/simulation.md'), 'utf8');

test('the page names every invariant, fault and patch, and no other', () => {
  const rows = tableRows();
  const found = (names: readonly string[]): readonly string[] => names.filter((name) => rows.has(name));
  const text = [...rows].filter(([name]) => /^SI\d+$/.test(name)).map(([name, words]) => [name, words]);
  expect(Object.fromEntries(text)).toEqual(invariants);
  expect(found(faultKinds)).toEqual([...faultKinds]);
  for (const { name, rule } of mutants) expect([name, rows.get(name)]).toEqual([name, rule]);
  expect([...rows.keys()].filter((name) => /^[a-z]+(-[a-z]+)+$/.test(name))).toHaveLength(mutants.length);
});

test('every patch of the mutation check fits the sources, in one place', () => {
  for (const { name, edits } of mutants)
    for (const { file, from, to } of edits) {
      const times = readFileSync(join(root, 'packages/core/src', file), 'utf8').split(from).length - 1;
      expect([name, file, times]).toEqual([name, file, 1]);
      expect(to).not.toBe(from);
    }
  expect(mutants.length).toBeGreaterThanOrEqual(20);
});

function tableRows(): Map<string, string> {
  const rows = page.split('\n').flatMap((line) => {
    const [, name, words] = /^\| (\S+) +\| (.*?) +\|$/.exec(line) ?? [];
    return name === undefined || words === undefined ? [] : [[name.replaceAll('`', ''), words] as const];
  });
  return new Map(rows);
}
