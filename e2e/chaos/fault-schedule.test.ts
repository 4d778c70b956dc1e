import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FaultGroup } from './fault.ts';
import { planFaults } from './fault-schedule.ts';

const aFault = (name: string, group: FaultGroup, weight = 1) => ({ name, group, weight, lastsMs: [100, 900] as const });
const faults = [
  aFault('kill', 'process', 3),
  aFault('stop', 'process'),
  aFault('full', 'disk'),
  aFault('jump', 'clock'),
];

test('the same seed plans the same faults, another one others', () => {
  const options = { seed: '7', durationMs: 60_000, everyMs: 1_000 };
  expect(planFaults(faults, options)).toEqual(planFaults(faults, options));
  expect(planFaults(faults, options)).not.toEqual(planFaults(faults, { ...options, seed: '8' }));
});

test('faults of one group never overlap, every fault is over in time, and each has a seed of its own', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 2_000, max: 100_000 }), (seed, durationMs) => {
      const planned = planFaults(faults, { seed, durationMs, everyMs: 700 });
      const groupOf = new Map(faults.map(({ name, group }) => [name, group]));
      for (const [index, { name, atMs, lastsMs }] of planned.entries()) {
        expect(atMs + lastsMs).toBeLessThanOrEqual(durationMs);
        for (const other of planned.slice(index + 1))
          if (groupOf.get(other.name) === groupOf.get(name)) expect(other.atMs).toBeGreaterThan(atMs + lastsMs);
      }
      expect(new Set(planned.map((each) => each.seed)).size).toBe(planned.length);
    }),
    { numRuns: 50 },
  );
});

test('every fault comes about as often as its weight says', () => {
  const loose = faults.map((fault) => ({ ...fault, lastsMs: [0, 0] as const }));
  const planned = planFaults(loose, { seed: '1', durationMs: 60_000_000, everyMs: 10_000 });
  const count = (wanted: string): number => planned.filter(({ name }) => name === wanted).length;
  expect(count('kill') / count('full')).toBeGreaterThan(2.4);
  expect(count('kill') / count('full')).toBeLessThan(3.6);
});

test('without a fault nothing is planned', () => {
  expect(planFaults([], { seed: '1', durationMs: 10_000, everyMs: 100 })).toEqual([]);
});
