import { controlOf, metricKey, metricKind, type Metric } from './metrics.ts';
import { findMetric, type Result } from './result.ts';
import { deviationOf, median, roundFigure, spreadOf } from './statistics.ts';

export type Measured = Pick<Result, 'metrics'>;

/** One metric in two measurements. */
export interface Difference {
  readonly key: string;
  readonly unit: string;
  /** In terms of the control where the metric depends on the machine. */
  readonly baseline: number;
  readonly current: number;
  /** 0.1: a tenth worse; negative: better. */
  readonly worseBy: number;
  /** What it may be worse by: the threshold, and what the control explains. */
  readonly allowed: number;
  readonly verdict: 'holds' | 'worse' | 'missing';
}

/**
 * Every gated metric of the baseline beside that of the current measurement.
 *
 * D1 What a machine does to the control it does to a metric: a rate counts in pieces of the control, a time in how many
 *    of them it would have taken.
 * D2 The control did the same work in every round. How far its rounds lie from their median is noise, and by that share a
 *    metric that depends on the machine may be worse without meaning anything.
 * D3 A metric of the baseline that is measured no more is a failure.
 */
export function differences(baseline: Measured, current: Measured, threshold: number): readonly Difference[] {
  return baseline.metrics
    .filter(({ name }) => metricKind(name).gate !== 'none')
    .map((metric) => {
      const control = controlOf(metricKind(metric.name).gate);
      const noise = control === undefined ? 0 : Math.max(noiseOf(baseline, control), noiseOf(current, control));
      return difference(metric, findMetric(current, metric), roundFigure(threshold + noise));
    });
}

/** D2. The larger share by which a measurement without any change differs from itself. */
export function noiseOf(measured: Measured, name: string): number {
  const control = findMetric(measured, { of: 'control', name });
  if (control === undefined) throw new RangeError(`a measurement without its ${name} cannot be compared`);
  return deviationOf(spreadOf(roundMedians(control.rounds, roundsOf(measured))));
}

function difference(before: Metric, after: Metric | undefined, allowed: number): Difference {
  const common = { key: metricKey(before), unit: before.unit, baseline: comparable(before), allowed };
  if (after === undefined) return { ...common, current: 0, worseBy: 1, verdict: 'missing' };
  const current = comparable(after);
  const growth = current / common.baseline - 1;
  const worseBy = roundFigure(metricKind(before.name).better === 'higher' ? -growth : growth);
  return { ...common, current, worseBy, verdict: worseBy > allowed ? 'worse' : 'holds' };
}

/** D1. The median over rounds, each in terms of the control beside it. */
export function comparable({ name, rounds, control }: Metric): number {
  const { gate } = metricKind(name);
  const scaled = rounds.map((value, round) => {
    const pieces = control?.[round] ?? 1;
    if (gate === 'rate') return value / pieces;
    return gate === 'time' || gate === 'cpu' ? (value / 1_000) * pieces : value;
  });
  return roundFigure(median(scaled));
}

/** The control runs several times in a round: only what the rounds' medians differ by can move a metric's median. */
function roundMedians(samples: readonly number[], rounds: number): readonly number[] {
  const each = Math.max(1, Math.floor(samples.length / rounds));
  return Array.from({ length: rounds }, (_, round) => median(samples.slice(round * each, (round + 1) * each)));
}

function roundsOf({ metrics }: Measured): number {
  const load = metrics.find(({ name }) => name === 'workflows_per_second');
  return load?.rounds.length ?? 1;
}

/** What has to be kept of a measurement so that later ones can be compared with it. */
export function baselineOf({ metrics }: Measured): Measured {
  return {
    metrics: metrics.filter(({ name, of }) =>
      metricKind(name).gate !== 'none' ? of.startsWith('vltair') : of === 'control',
    ),
  };
}
