import { z } from 'zod';

/** The units that a metric may have; a rate is a count, with its time in the name. */
const metricUnits = ['ms', 'bytes', 'count'] as const;

export interface MetricKind {
  readonly unit: (typeof metricUnits)[number];
  readonly better: 'lower' | 'higher';
  /**
   * What the regression gate compares. `rate` and `time`: the value in terms of what the control managed in the same go, so
   * that a slower machine changes nothing; `cpu` the same of the time of processors, which others on the machine hardly change.
   * `plain`: the value, which no machine changes. `none`: nothing.
   */
  readonly gate: 'rate' | 'time' | 'cpu' | 'plain' | 'none';
  readonly meaning: string;
}

/** Every metric that the bench may report. */
export const METRICS: Readonly<Record<string, MetricKind>> = {
  workflows_per_second: kind('count', 'higher', 'rate', 'workflows of five durable steps that ended in a second'),
  latency_p50: kind('ms', 'lower', 'time', 'from the start of a workflow until its caller knows its end, half of them'),
  latency_p99: kind('ms', 'lower', 'none', 'the same, 99 % of them'),
  latency_p999: kind('ms', 'lower', 'none', 'the same, 99.9 % of them'),
  cpu_per_workflow: kind('ms', 'lower', 'cpu', 'time of processors in the process of the contender, for a workflow'),
  event_loop_delay_p999: kind('ms', 'lower', 'none', 'delay of the event loop less that of an idle process'),
  idle_event_loop_delay_p999: kind('ms', 'lower', 'none', 'delay of the event loop of an idle process at that time'),
  events_per_workflow: kind('count', 'lower', 'plain', 'events in the log of one workflow'),
  events_per_commit: kind('count', 'higher', 'none', 'events, of all runs, that share one fsync and one signature'),
  recovery_of_1000_runs: kind('ms', 'lower', 'time', 'from opening the store until 1,000 killed runs work again'),
  restart_to_recovery: kind('ms', 'lower', 'none', 'the same from the start of the process'),
  takeover_of_50_runs: kind('ms', 'lower', 'none', 'from the kill of a worker until another has claimed its 50 runs'),
  memory_per_1000_runs: kind('bytes', 'lower', 'none', 'resident memory that 1,000 runs in flight add'),
  heap_per_1000_runs: kind('bytes', 'lower', 'plain', 'heap that 1,000 runs in flight add'),
  control_pieces_per_second: kind('count', 'higher', 'none', 'pieces of the fixed work of the control in a second'),
  control_pieces_per_cpu_second: kind('count', 'higher', 'none', 'the same in a second of processor time'),
  ratio_to_best_peer: kind(
    'count',
    'higher',
    'none',
    'workflows in a second, over those of the best peer of the round',
  ),
  ratio_to_50_in_flight: kind('count', 'higher', 'none', 'workflows in a second, over those at 50 in flight'),
};

export const metricSchema = z
  .strictObject({
    /** Which contender, or which part of the bench. */
    of: z.string().min(1),
    /** Absent where it is about no load. */
    inFlight: z.int().positive().exactOptional(),
    name: z.string().min(1),
    unit: z.string(),
    /** What each round measured; the control measures several times in a round. */
    rounds: z.array(z.number()).min(1),
  })
  .check(({ value, issues }) => {
    const message = faultOf(value);
    if (message !== undefined) issues.push({ code: 'custom', message, input: value });
  });
export type Metric = z.infer<typeof metricSchema>;

/** Names a metric in tables and diffs. */
export function metricKey({ of, inFlight, name }: Pick<Metric, 'of' | 'inFlight' | 'name'>): string {
  return [of, ...(inFlight === undefined ? [] : [String(inFlight)]), name].join('/');
}

/** @throws RangeError for a name without an entry. */
export function metricKind(name: string): MetricKind {
  const found = Object.hasOwn(METRICS, name) ? METRICS[name] : undefined;
  if (found === undefined) throw new RangeError(`the metric '${name}' is not in the registry`);
  return found;
}

/** The metric of the control that a metric with this gate is compared in terms of. */
export function controlOf(gate: MetricKind['gate']): string | undefined {
  if (gate === 'cpu') return 'control_pieces_per_cpu_second';
  return gate === 'rate' || gate === 'time' ? 'control_pieces_per_second' : undefined;
}

function faultOf(metric: Metric): string | undefined {
  if (!Object.hasOwn(METRICS, metric.name)) return `${metricKey(metric)} is not in the registry`;
  const { unit } = metricKind(metric.name);
  if (metric.unit === unit) return undefined;
  return `${metricKey(metric)} has the unit '${metric.unit}' where the registry says '${unit}'`;
}

function kind(
  unit: MetricKind['unit'],
  better: MetricKind['better'],
  gate: MetricKind['gate'],
  meaning: string,
): MetricKind {
  return { unit, better, gate, meaning };
}
