import { decisionSchema, factSchema } from '@vltair/protocol';
import { Choices, type ChoiceRecord } from './choices.ts';
import { faultKinds } from './scenario.ts';
import { simulate, type Outcome } from './simulation.ts';

/** What a campaign of many seeds has seen. */
export interface Summary {
  seeds: number;
  runs: number;
  events: number;
  turns: number;
  crashes: number;
  takeovers: number;
  calls: number;
  readonly statuses: Record<string, number>;
  readonly faults: Record<string, number>;
  /** Seeds in which an event type was seen. */
  readonly types: Record<string, number>;
  readonly failures: Failing[];
}

export interface Failing {
  readonly seed: number;
  readonly invariant: string;
  readonly message: string;
  readonly record: ChoiceRecord;
}

function emptySummary(): Summary {
  return {
    ...{ seeds: 0, runs: 0, events: 0, turns: 0, crashes: 0, takeovers: 0, calls: 0 },
    ...{ statuses: {}, faults: {}, types: {}, failures: [] },
  };
}

export interface Range {
  readonly from: number;
  readonly seeds: number;
  /** Every that many-th seed. */
  readonly step: number;
  readonly untilFailure: boolean;
}

/** Runs one seed after another; `heard` is told each that is done. */
export async function runSeeds(
  { from, seeds, step, untilFailure }: Range,
  heard: (seed: number) => void,
): Promise<Summary> {
  const summary = emptySummary();
  for (let seed = from; seed < from + seeds; seed += step) {
    const choices = Choices.ofSeed(seed);
    const outcome = await simulate(choices);
    count(summary, outcome);
    const { violation } = outcome;
    if (violation !== undefined)
      summary.failures.push({ seed, invariant: violation.id, message: violation.message, record: choices.record });
    heard(seed);
    if (untilFailure && violation !== undefined) break;
  }
  return summary;
}

function count(summary: Summary, outcome: Outcome): void {
  summary.seeds += 1;
  for (const key of ['runs', 'events', 'turns', 'crashes', 'takeovers', 'calls'] as const) summary[key] += outcome[key];
  for (const status of outcome.statuses) addTo(summary.statuses, status, 1);
  for (const type of outcome.types) addTo(summary.types, type, 1);
  for (const [kind, times] of Object.entries(outcome.faults)) addTo(summary.faults, kind, times);
}

function addTo(counts: Record<string, number>, key: string, number: number): void {
  counts[key] = (counts[key] ?? 0) + number;
}

export function joinSummaries(parts: readonly Summary[]): Summary {
  const whole = emptySummary();
  for (const part of parts) {
    for (const key of ['seeds', 'runs', 'events', 'turns', 'crashes', 'takeovers', 'calls'] as const)
      whole[key] += part[key];
    for (const key of ['statuses', 'faults', 'types'] as const)
      for (const [name, number] of Object.entries(part[key])) addTo(whole[key], name, number);
    whole.failures.push(...part.failures);
  }
  whole.failures.sort((left, right) => left.seed - right.seed);
  return whole;
}

/** Event types and faults that no seed has met: what they do, the campaign says nothing about. */
export function unseenIn(summary: Summary): readonly string[] {
  const types = [...factSchema.options, ...decisionSchema.options].map((option) => option.shape.type.value);
  return [
    ...types.filter((type) => summary.types[type] === undefined).map((type) => `event ${type}`),
    ...faultKinds.filter((kind) => summary.faults[kind] === undefined).map((kind) => `fault ${kind}`),
  ];
}
