import fc from 'fast-check';
import { expect, test } from 'vitest';
import { verifies } from '../../e2e/verifies.ts';
import { aMeasurement, aMetric } from './a-measurement.ts';
import { baselineOf, comparable, differences, noiseBetween } from './gate.ts';

const OF = 'vltair-sqlite';

function rate(perSecond: number) {
  return aMetric({ of: OF, inFlight: 50, name: 'workflows_per_second' }, [perSecond, perSecond, perSecond]);
}

function verdicts(before: Parameters<typeof differences>[0], after: typeof before): readonly string[] {
  return differences(before, after, 0.05).map(({ verdict }) => verdict);
}

test('a metric may be 5 % worse than its baseline, and no more', () => {
  verifies('V-62');
  const before = aMeasurement([rate(1_000)]);
  expect(verdicts(before, aMeasurement([rate(951)]))).toEqual(['holds']);
  expect(verdicts(before, aMeasurement([rate(940)]))).toEqual(['worse']);
  expect(verdicts(before, aMeasurement([rate(2_000)]))).toEqual(['holds']);
});

test.each([
  ['a time', 'latency_p50', 10, 10.6],
  ['a count', 'events_per_workflow', 27, 29],
  ['bytes', 'heap_per_1000_runs', 1e7, 1.06e7],
])('%s that grows by more than 5 %% is worse', (_, name, before, after) => {
  verifies('CI-7');
  const measured = (value: number) => aMeasurement([aMetric({ of: OF, name }, [value, value, value])]);
  expect(verdicts(measured(before), measured(after))).toEqual(['worse']);
  expect(verdicts(measured(after), measured(before))).toEqual(['holds']);
});

test('one metric that is worse is not made up for by another that is better', () => {
  verifies('CI-7');
  const events = (count: number) => aMetric({ of: OF, inFlight: 50, name: 'events_per_workflow' }, [count]);
  const found = verdicts(aMeasurement([rate(1_000), events(27)]), aMeasurement([rate(9_000), events(30)]));
  expect(found).toEqual(['holds', 'worse']);
});

test('a machine that is slower in all changes nothing', () => {
  const speed = fc.double({ min: 0.05, max: 20, noNaN: true });
  fc.assert(
    fc.property(speed, (factor) => {
      const time = (ms: number) => aMetric({ of: OF, inFlight: 50, name: 'latency_p50' }, [ms, ms, ms]);
      const before = aMeasurement([rate(1_000), time(8)]);
      const pieces = 100 * factor;
      const after = aMeasurement([rate(1_000 * factor), time(8 / factor)], [pieces, pieces, pieces]);
      expect(verdicts(before, after)).toEqual(['holds', 'holds']);
    }),
  );
});

test('what the control differs by from round to round is allowed on top, but not to what no machine changes', () => {
  const noisy = [90, 100, 110];
  const events = (count: number) => aMetric({ of: OF, inFlight: 50, name: 'events_per_workflow' }, [count]);
  const before = aMeasurement([rate(1_000), events(100)]);
  expect(noiseBetween(before, aMeasurement([rate(1)], noisy), 'control_pieces_per_second')).toBeCloseTo(0.1);
  expect(verdicts(before, aMeasurement([rate(860), events(105)], noisy))).toEqual(['holds', 'holds']);
  expect(verdicts(before, aMeasurement([rate(840), events(106)], noisy))).toEqual(['worse', 'worse']);
});

test('time of processors is held against that of the control, however much the machine had to do', () => {
  const cpu = (ms: number) => aMetric({ of: OF, inFlight: 50, name: 'cpu_per_workflow' }, [ms, ms, ms]);
  const busy = [10, 100, 300];
  expect(verdicts(aMeasurement([cpu(2)], busy), aMeasurement([cpu(2.09)], busy))).toEqual(['holds']);
  expect(verdicts(aMeasurement([cpu(2)], busy), aMeasurement([cpu(2.2)], busy))).toEqual(['worse']);
});

test('one round that was disturbed moves no median', () => {
  const disturbed = aMetric({ of: OF, inFlight: 50, name: 'workflows_per_second' }, [1_000, 10, 1_000]);
  expect(comparable(disturbed, aMeasurement([disturbed]))).toBe(10);
});

test('a metric that is measured no more fails', () => {
  verifies('CI-7');
  expect(verdicts(aMeasurement([rate(1_000)]), aMeasurement([]))).toEqual(['missing']);
});

test('a baseline holds what the gate compares, and the control', () => {
  const result = aMeasurement([
    rate(1_000),
    aMetric({ of: 'vltair-postgres', inFlight: 50, name: 'workflows_per_second' }, [1, 1, 1]),
    aMetric({ of: 'dbos', inFlight: 50, name: 'workflows_per_second' }, [1, 1, 1]),
    aMetric({ of: OF, inFlight: 50, name: 'latency_p99' }, [1, 1, 1]),
  ]);
  const kept = baselineOf(result).metrics.map(({ of, name }) => `${of} ${name}`);
  expect(kept).toEqual([
    'control control_pieces_per_second',
    'control control_pieces_per_cpu_second',
    'vltair-sqlite workflows_per_second',
    'vltair-postgres workflows_per_second',
  ]);
  expect(verdicts(baselineOf(result), result)).toEqual(['holds', 'holds']);
});

test('a measurement without its control cannot be compared', () => {
  expect(() => differences({ metrics: [rate(1)] }, aMeasurement([rate(1)]), 0.05)).toThrow(
    'without its control_pieces_per_second',
  );
});
