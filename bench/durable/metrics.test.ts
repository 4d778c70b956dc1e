import { describe, expect, test } from 'vitest';
import { verifies } from '../../e2e/verifies.ts';
import { aMetric } from './a-measurement.ts';
import { METRICS, metricKind, metricSchema } from './metrics.ts';

describe('the registry of metrics', () => {
  test.each(Object.entries(METRICS))('%s has a unit, a direction and a meaning', (name, kind) => {
    verifies('OB-16');
    expect(name).toMatch(/^[a-z][a-z0-9_]*$/u);
    expect(['ms', 'bytes', 'count']).toContain(kind.unit);
    expect(['lower', 'higher']).toContain(kind.better);
    expect(kind.meaning).not.toBe('');
  });

  test('refuses a metric that it does not know', () => {
    verifies('OB-16');
    const unknown = { of: 'vltair-sqlite', name: 'wishes_per_second', unit: 'count', rounds: [1] };
    expect(metricSchema.safeParse(unknown).error?.issues[0]?.message).toContain('is not in the registry');
    expect(() => metricKind('toString')).toThrow('not in the registry');
  });

  test('refuses a metric in another unit than its own', () => {
    verifies('OB-16');
    const metric = aMetric({ of: 'vltair-sqlite', inFlight: 50, name: 'latency_p99' }, [3]);
    expect(metricSchema.safeParse(metric).success).toBe(true);
    const { error } = metricSchema.safeParse({ ...metric, unit: 'count' });
    expect(error?.issues[0]?.message).toBe(
      "vltair-sqlite/50/latency_p99 has the unit 'count' where the registry says 'ms'",
    );
  });
});
