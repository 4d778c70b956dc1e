import { metricKind, type Metric } from './metrics.ts';
import type { Result } from './result.ts';

/** A metric as the bench notes it. */
export function aMetric(place: Pick<Metric, 'of' | 'inFlight' | 'name'>, rounds: readonly number[]): Metric {
  return { ...place, unit: metricKind(place.name).unit, rounds: [...rounds] };
}

/** A measurement on a machine whose control managed so many pieces a second in each round: always the same, unless said otherwise. */
export function aMeasurement(metrics: readonly Metric[], pieces: readonly number[] = [100, 100, 100]): Result {
  return {
    format: 1,
    machine: { processors: 2, model: 'a processor', platform: 'linux 6.1 x64', node: 'v24.0.0' },
    settings: { rounds: 3, secondsEach: 2 },
    contenders: {},
    skipped: {},
    metrics: [
      aMetric({ of: 'control', name: 'control_pieces_per_second' }, pieces),
      aMetric({ of: 'control', name: 'control_pieces_per_cpu_second' }, [200, 200, 200]),
      ...metrics,
    ],
    samples: {},
  };
}
