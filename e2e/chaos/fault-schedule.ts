import { seededRandom } from '../../bench/planting/seeded-random.ts';
import { between } from './chance.ts';
import type { Fault } from './fault.ts';

/** A fault at its time; its details are chosen by its own seed. */
export interface PlannedFault {
  readonly number: number;
  readonly name: string;
  /** From the beginning of the campaign. */
  readonly atMs: number;
  readonly lastsMs: number;
  readonly seed: string;
}

export interface ScheduleOptions {
  readonly seed: string;
  readonly durationMs: number;
  /** Between two injections, on average. */
  readonly everyMs: number;
}

type Plannable = Pick<Fault, 'name' | 'group' | 'weight' | 'lastsMs'>;

/** A fault of a group begins at least this long after the one before has been healed. */
const REST_MS = 500;

/**
 * What goes wrong, and when: the same for the same seed and the same faults. Two faults overlap only when they are of
 * different groups, and all are over when the time is.
 */
export function planFaults(faults: readonly Plannable[], options: ScheduleOptions): readonly PlannedFault[] {
  const { seed, durationMs, everyMs } = options;
  const random = seededRandom(`chaos/${seed}`);
  const freeAt = new Map<string, number>();
  const planned: PlannedFault[] = [];
  for (let atMs = everyMs; atMs < durationMs; atMs += Math.round(everyMs * (0.3 + 1.4 * random()))) {
    const free = faults.filter(({ group }) => (freeAt.get(group) ?? 0) <= atMs);
    const fault = weighted(free, random());
    if (fault === undefined) continue;
    const lastsMs = Math.min(between(fault.lastsMs, random), durationMs - atMs);
    const number = planned.length + 1;
    planned.push({ number, name: fault.name, atMs, lastsMs, seed: `${seed}/${number}` });
    freeAt.set(fault.group, atMs + lastsMs + REST_MS);
  }
  return planned;
}

function weighted(faults: readonly Plannable[], share: number): Plannable | undefined {
  const total = faults.reduce((sum, { weight }) => sum + weight, 0);
  let left = share * total;
  return faults.find(({ weight }) => (left -= weight) < 0);
}
