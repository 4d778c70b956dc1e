import { controlOf, metricKey, metricKind, type Metric } from './metrics.ts';
import { findMetric, type Result } from './result.ts';
import { median, roundFigure } from './statistics.ts';

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
 * Every gated metric of the baseline beside that of the current measurement, medians over the rounds.
 *
 * D1 What a machine does to the control it does to a metric: a rate counts in pieces of the control, a time in how many
 *    of them it would have taken. The control is that of the whole go: one short piece of it says less than the loads do.
 * D2 The control did the same work in every round. What half of its rounds differ by from their median is noise, and by
 *    that share a metric that depends on the machine may be worse without meaning anything.
 * D3 A metric of the baseline that is measured no more is a failure.
 */
export function differences(baseline: Measured, current: Measured, threshold: number): readonly Difference[] {
  return baseline.metrics
    .filter(({ name }) => metricKind(name).gate !== 'none')
    .map((metric) => {
      const allowed = roundFigure(threshold + noiseBetween(baseline, current, controlOf(metricKind(metric.name).gate)));
      const found = findMetric(current, metric);
      const common = { key: metricKey(metric), unit: metric.unit, baseline: comparable(metric, baseline), allowed };
      if (found === undefined) return { ...common, current: 0, worseBy: 1, verdict: 'missing' };
      return judged(common, comparable(found, current), metricKind(metric.name).better);
    });
}

/** The noise of the noisier one. */
export function noiseBetween(baseline: Measured, current: Measured, control: string | undefined): number {
  return control === undefined ? 0 : Math.max(noiseOf(baseline, control), noiseOf(current, control));
}

function judged(
  common: Pick<Difference, 'key' | 'unit' | 'baseline' | 'allowed'>,
  current: number,
  better: 'lower' | 'higher',
): Difference {
  const growth = current / common.baseline - 1;
  const worseBy = roundFigure(better === 'higher' ? -growth : growth);
  return { ...common, current, worseBy, verdict: worseBy > common.allowed ? 'worse' : 'holds' };
}

/** D1. */
export function comparable({ name, rounds }: Metric, measured: Measured): number {
  const { gate } = metricKind(name);
  const control = controlOf(gate);
  const value = median(rounds);
  if (control === undefined) return roundFigure(value);
  const pieces = median(controlRounds(measured, control));
  return roundFigure(gate === 'rate' ? value / pieces : (value / 1_000) * pieces);
}

/** D2. */
function noiseOf(measured: Measured, name: string): number {
  const rounds = controlRounds(measured, name);
  const middle = median(rounds);
  return median(rounds.map((value) => Math.abs(value - middle))) / middle;
}

/** The control runs before every load: what it came to in each round. */
function controlRounds(measured: Measured, name: string): readonly number[] {
  const control = findMetric(measured, { of: 'control', name });
  if (control === undefined) throw new RangeError(`a measurement without its ${name} cannot be compared`);
  const rounds = measured.metrics.find((metric) => metric.name === 'workflows_per_second')?.rounds.length ?? 1;
  const each = Math.max(1, Math.floor(control.rounds.length / rounds));
  return Array.from({ length: rounds }, (_, round) => median(control.rounds.slice(round * each, (round + 1) * each)));
}

/** What has to be kept of a measurement so that later ones can be compared with it. */
export function baselineOf({ metrics }: Measured): Measured {
  return {
    metrics: metrics.filter(({ name, of }) =>
      metricKind(name).gate !== 'none' ? of.startsWith('vltair') : of === 'control',
    ),
  };
}
