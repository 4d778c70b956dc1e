import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isTest, parseSource, readSources } from '../tools/source.ts';
import { type Citations, citationsOf } from './citations.ts';
import { type Requirement, breaches } from './coverage-gate.ts';
import { CLAIMS } from './requirements.ts';
import { verifies } from './verifies.ts';

const ROOT = join(import.meta.dirname, '..');
const CATALOGUE = JSON.parse(readFileSync(join(ROOT, 'docs', 'requirements.json'), 'utf8')) as readonly Requirement[];

function cite(text: string): Citations {
  return citationsOf(parseSource('packages/core/src/a.test.ts', text));
}

test('every claim of this repository has its tests, every citation its claim', () => {
  verifies('XB-4');
  const read = readSources(ROOT)
    .filter(({ path }) => isTest(path))
    .map(citationsOf);
  expect(read.flatMap(({ problems }) => problems)).toEqual([]);
  expect(
    breaches(
      CATALOGUE,
      CLAIMS,
      read.flatMap(({ cited }) => cited),
    ),
  ).toEqual([]);
});

test('the catalogue lists 344 requirements, each once, each with a short title', () => {
  expect(new Set(CATALOGUE.map(({ id }) => id)).size).toBe(344);
  expect(CATALOGUE).toHaveLength(344);
  for (const { title } of CATALOGUE) expect(title.length).toBeLessThanOrEqual(90);
});

describe('the gate', () => {
  const catalogue = [
    { id: 'OC-7', title: 'retries' },
    { id: 'OC-4', title: 'graphs' },
  ];
  const claims = [{ id: 'OC-7', behaviour: 'only retryable errors are retried' }];
  const cited = (id: string, start = 1) => ({ id, path: 'a.test.ts', line: 3, test: start });

  test('passes a claim with its test', () => {
    expect(breaches(catalogue, claims, [cited('OC-7')])).toEqual([]);
  });

  test('fails a claim without a test', () => {
    expect(breaches(catalogue, claims, [])).toEqual(['OC-7 has 1 claims and 0 citing tests']);
  });

  test('fails two claims that one test cites, even twice', () => {
    const two = [...claims, { id: 'OC-7', behaviour: 'backoff is clamped at 60 s' }];
    expect(breaches(catalogue, two, [cited('OC-7'), cited('OC-7')])).toEqual(['OC-7 has 2 claims and 1 citing tests']);
    expect(breaches(catalogue, two, [cited('OC-7', 1), cited('OC-7', 90)])).toEqual([]);
  });

  test('fails a citation that nobody claims', () => {
    expect(breaches(catalogue, claims, [cited('OC-7'), cited('OC-4')])).toEqual([
      'a.test.ts:3 cites OC-4, which nobody claims',
    ]);
  });

  test('fails an id that is not in the catalogue', () => {
    const stale = [{ id: 'OC-99', behaviour: 'old' }];
    expect(breaches(catalogue, stale, [cited('OC-99')])).toEqual(['OC-99 is not in the catalogue']);
  });

  test('fails a claim that stands twice', () => {
    const twice = breaches(catalogue, [...claims, ...claims], [cited('OC-7', 1), cited('OC-7', 90)]);
    expect(twice).toEqual(['claimed twice: OC-7 only retryable errors are retried']);
  });
});

describe('a citation is read from the source', () => {
  test.each([
    `test('retries', () => { verifies('OC-7'); });`,
    `it('retries', async () => { verifies('OC-7'); });`,
    `describe('runtime', () => { test.each([1])('retries %s', () => { verifies('OC-7'); }); });`,
    `test.concurrent('retries', () => { verifies('OC-7'); });`,
    `test.each\`a\${1}\`('retries', () => { verifies('OC-7'); });`,
  ])('in %s', (text) => {
    expect(cite(text).cited.map(({ id }) => id)).toEqual(['OC-7']);
    expect(cite(text).problems).toEqual([]);
  });

  test.each([
    `verifies('OC-7');`,
    `function shared() { verifies('OC-7'); }`,
    `beforeEach(() => { verifies('OC-7'); });`,
    `test.skip('retries', () => { verifies('OC-7'); });`,
    `describe.skip('runtime', () => { test('retries', () => { verifies('OC-7'); }); });`,
    `test('retries', () => { verifies(id); });`,
    `test('retries', () => { verifies(); });`,
  ])('and refused in %s', (text) => {
    expect(cite(text).cited).toEqual([]);
    expect(cite(text).problems).toHaveLength(1);
  });

  test('a comment or a string cites nothing', () => {
    expect(cite(`// verifies('OC-7')\ntest("verifies('OC-7')", () => {});`)).toEqual({ cited: [], problems: [] });
  });
});

test('citing an id that nobody claims throws in the test itself', () => {
  expect(() => {
    // The gate reads literals; this id is built so that it stays out of its sight.
    const verifiesUnread = verifies;
    verifiesUnread(['OC', '999'].join('-'));
  }).toThrow(/claims nothing under this id/u);
});
