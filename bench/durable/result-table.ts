import { columns } from './columns.ts';
import { METRICS, type Metric } from './metrics.ts';
import type { Result } from './result.ts';
import { roundFigure, spreadOf } from './statistics.ts';

/** What a person reads: the loads side by side, then every other metric, then who syncs what and shares the processors. */
export function resultTable(result: Result): string {
  return [
    `${result.settings.rounds} rounds of ${result.settings.secondsEach} s each; median (least to most)`,
    machineLine(result),
    '',
    ...columns([['in flight', 'contender', 'workflows/s', 'p50 ms', 'p99 ms', 'p99.9 ms'], ...loadRows(result)]),
    '',
    ...columns([['metric', 'of', 'in flight', 'value', 'unit'], ...otherRows(result)]),
    '',
    ...aboutLines(result),
    ...skippedSentences(result),
  ].join('\n');
}

export function machineLine({ machine: { processors, model, platform, node } }: Result): string {
  return `${processors} processors (${model}), ${platform}, Node ${node}`;
}

const LOAD_METRICS = ['workflows_per_second', 'latency_p50', 'latency_p99', 'latency_p999'] as const;

/** One row for each load, by the number in flight. */
export function loadRows({ metrics }: Pick<Result, 'metrics'>): readonly (readonly string[])[] {
  const loads = metrics.filter(({ name }) => name === 'workflows_per_second');
  return loads
    .toSorted((left, right) => (left.inFlight ?? 0) - (right.inFlight ?? 0))
    .map(({ of, inFlight }) => {
      const cells = LOAD_METRICS.map((name) =>
        spreadText(metrics.find((metric) => metric.of === of && metric.inFlight === inFlight && metric.name === name)),
      );
      return [String(inFlight ?? ''), of, ...cells];
    });
}

/** One row for each metric that is about no load, or about one load alone. */
export function otherRows({ metrics }: Pick<Result, 'metrics'>): readonly (readonly string[])[] {
  const isLoad = (name: string): boolean => LOAD_METRICS.some((load) => load === name);
  return metrics
    .filter(({ name }) => !isLoad(name))
    .map((metric) => [metric.name, metric.of, String(metric.inFlight ?? ''), spreadText(metric), metric.unit]);
}

/** One row for each contender: what it is, who syncs, what works. */
export function aboutRows({ contenders }: Pick<Result, 'contenders'>): readonly (readonly string[])[] {
  return Object.entries(contenders).map(([name, { engine, version, store, fsync, processes, concurrency }]) => [
    `${name} (${engine})`,
    version,
    store,
    fsync,
    processes.join('; '),
    concurrency,
  ]);
}

function aboutLines({ contenders }: Pick<Result, 'contenders'>): readonly string[] {
  return Object.entries(contenders).flatMap(([name, about]) => [
    `${name}: ${about.engine} ${about.version}; ${about.store}; ${about.concurrency}`,
    `  synced by ${about.fsync}`,
    `  on the processors: ${about.processes.join('; ')}`,
  ]);
}

/** One sentence for each contender that is missing. */
export function skippedSentences({ skipped }: Pick<Result, 'skipped'>): readonly string[] {
  return Object.entries(skipped).map(([name, reason]) => `${name} was skipped: ${reason}`);
}

function spreadText(metric: Metric | undefined): string {
  if (metric === undefined) return '';
  const { median, min, max } = spreadOf(metric.rounds);
  if (min === max) return figureText(median);
  return `${figureText(median)} (${figureText(min)} to ${figureText(max)})`;
}

export function figureText(value: number): string {
  return roundFigure(value).toLocaleString('en-US', { maximumFractionDigits: 2 });
}

/** What the names of metrics mean. */
export function metricRows(): readonly (readonly string[])[] {
  return Object.entries(METRICS).map(([name, { unit, better, gate, meaning }]) => [name, unit, better, gate, meaning]);
}
