import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aMeasurement, aMetric } from './a-measurement.ts';
import { benchmarksPage } from './benchmarks-page.ts';
import { OWN_CONTENDERS, PEER_CONTENDERS } from './contenders.ts';
import { logScale } from './log-scale.ts';
import { plotSvg } from './plot.ts';
import { resultTable } from './result-table.ts';
import { MetricBook } from './metric-book.ts';

const load = (of: string, inFlight: number, perSecond: number, p50: number) => [
  aMetric({ of, inFlight, name: 'workflows_per_second' }, [perSecond]),
  aMetric({ of, inFlight, name: 'latency_p50' }, [p50]),
  aMetric({ of, inFlight, name: 'latency_p99' }, [p50 * 3]),
];
const result = aMeasurement([...load('vltair-sqlite', 50, 1_000, 50), ...load('a<b&c', 50, 10, 5_000)]);

test('larger values lie farther along, and all of them within the axis', () => {
  const value = fc.double({ min: 1e-3, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(value, value, (one, other) => {
      const { at, ticks } = logScale([one, other], 500);
      expect(Math.sign(at(one) - at(other)) * Math.sign(one - other)).toBeGreaterThanOrEqual(0);
      for (const place of [at(one), at(other)]) {
        expect(place).toBeGreaterThanOrEqual(0);
        expect(place).toBeLessThanOrEqual(500);
      }
      expect(ticks.length).toBeGreaterThanOrEqual(2);
    }),
  );
});

test('decades are equally long, and nothing is at the start', () => {
  const { at, ticks } = logScale([1, 1_000], 300);
  expect(ticks).toEqual([1, 10, 100, 1_000]);
  expect([at(1), at(10), at(100), at(1_000), at(0)]).toEqual([0, 100, 200, 300, 0]);
  expect(() => logScale([0], 300)).toThrow(RangeError);
});

test('the picture has a bar for each load and measure, is readable in the dark, and names are no markup', () => {
  const svg = plotSvg(result);
  expect(svg.match(/<rect /gu)).toHaveLength(4);
  expect(svg).toContain('prefers-color-scheme: dark');
  expect(svg).toContain('a&lt;b&amp;c');
  expect(svg).not.toContain('NaN');
});

test('every contender has a colour of its own', () => {
  const names = [...OWN_CONTENDERS, ...PEER_CONTENDERS].map(({ name }) => name);
  const svg = plotSvg(aMeasurement(names.flatMap((name) => load(name, 50, 100, 50))));
  const colours = Array.from(svg.matchAll(/<rect [^>]*fill="([^"]+)"/gu), ([, colour]) => colour);
  expect(new Set(colours).size).toBe(names.length);
});

test('the table and the page show the loads by the number in flight, with their spread', () => {
  const rounds = aMeasurement([
    aMetric({ of: 'vltair-sqlite', inFlight: 1, name: 'workflows_per_second' }, [90, 100, 120]),
  ]);
  expect(resultTable(rounds)).toContain('100 (90 to 120)');
  expect(benchmarksPage(rounds)).toContain('| 1 | vltair-sqlite | 100 (90 to 120) |');
});

test('a contender that was left out is named, with the reason, in the table and on the page', () => {
  const without = { ...result, skipped: { 'vltair-postgres': 'no server answers' } };
  expect(resultTable(without)).toContain('vltair-postgres was skipped: no server answers');
  expect(benchmarksPage(without)).toContain('\nvltair-postgres was skipped: no server answers.\n\n');
});

test('a round is held against the best of its own peers, and a crowd against fifty', () => {
  const book = new MetricBook();
  const ran = (workflows: number) => ({
    kind: 'ran' as const,
    workflows,
    seconds: 1,
    latencyMs: { p50: 1, p99: 1, p999: 1 },
    figures: {},
  });
  const seat = (name: string, rivals: readonly string[]) => ({
    name,
    script: '',
    words: [],
    levels: [50, 500],
    rivals,
  });
  for (const [name, rate] of [
    ['own', 300],
    ['slow', 10],
    ['fast', 100],
    ['other', 900],
  ] as const)
    book.load(name, 50, ran(rate));
  book.load('own', 500, ran(450));
  book.ratios([seat('own', ['slow', 'fast']), seat('slow', [])]);
  const ratios = book.metrics().filter(({ name }) => name.startsWith('ratio'));
  expect(ratios.map(({ name, inFlight, rounds }) => [name, inFlight, ...rounds])).toEqual([
    ['ratio_to_best_peer', 50, 3],
    ['ratio_to_50_in_flight', 500, 1.5],
  ]);
  expect(() => book.note({ of: 'own', name: 'wishes' }, 1)).toThrow('registry');
});
