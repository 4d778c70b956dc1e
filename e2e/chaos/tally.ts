import type { RunBook } from '../../packages/core/test/simulation/log-book.ts';
import type { AmbiguityPolicy } from '../../packages/protocol/src/index.ts';
import type { Injected } from './fault-runner.ts';
import type { Heard } from './heard.ts';
import type { Witness } from './witness.ts';

type Counts = Readonly<Record<string, number>>;

/** What a campaign came to, in numbers. */
export interface Tally {
  readonly runs: number;
  readonly statuses: Counts;
  readonly shapes: Counts;
  readonly events: number;
  readonly takeovers: number;
  readonly parked: number;
  /** Acknowledged starts, events and commands. */
  readonly acknowledged: Counts;
  readonly faults: Counts;
  /** Calls that reached the outside, by policy; those after the first act under the same key; those that it refused. */
  readonly calls: Counts;
  readonly repeats: Counts;
  readonly refusals: number;
}

/** Counts logs as they go by. */
export class LogTally {
  #runs = 0;
  #events = 0;
  readonly #statuses = new Map<string, number>();
  readonly #shapes = new Map<string, number>();
  readonly #types = new Map<string, number>();

  add({ landed, states }: RunBook): void {
    this.#runs += 1;
    this.#events += landed.length;
    const state = states.at(-1);
    count(this.#statuses, state?.status ?? 'none');
    count(this.#shapes, state?.parent === undefined ? (state?.workflow.name ?? 'none') : 'inner');
    for (const { event } of landed) count(this.#types, event.payload.type);
  }

  total(heard: Iterable<readonly Heard[]>, faults: readonly Injected[], witness: Witness): Tally {
    return {
      runs: this.#runs,
      statuses: sorted(this.#statuses),
      shapes: sorted(this.#shapes),
      events: this.#events,
      takeovers: this.#types.get('run.claimed') ?? 0,
      parked: this.#types.get('effect.parked') ?? 0,
      acknowledged: acknowledgedIn(heard),
      faults: sorted(countBy(faults.map(({ name }) => name))),
      ...callsOf(witness),
    };
  }
}

function acknowledgedIn(lists: Iterable<readonly Heard[]>): Counts {
  const counts = { starts: 0, events: 0, commands: 0, answers: 0 };
  for (const heard of [...lists].flat()) {
    if (heard.what === 'started') counts.starts += 1;
    if (heard.what === 'committed') counts.events += heard.events.length;
    if (heard.what === 'sent') counts.commands += 1;
    if (heard.what === 'answered') counts.answers += 1;
  }
  return counts;
}

function callsOf({ calls }: Witness): Pick<Tally, 'calls' | 'repeats' | 'refusals'> {
  const done = new Set<string>();
  const repeats: AmbiguityPolicy[] = [];
  for (const { run, key, policy, number } of calls) {
    if (number === undefined) continue;
    if (done.has(`${run}/${key}`)) repeats.push(policy);
    done.add(`${run}/${key}`);
  }
  return {
    calls: sorted(countBy(calls.map(({ policy }) => policy))),
    repeats: sorted(countBy(repeats)),
    refusals: calls.filter(({ number }) => number === undefined).length,
  };
}

function countBy(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) count(counts, name);
  return counts;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function sorted(counts: ReadonlyMap<string, number>): Counts {
  return Object.fromEntries([...counts].toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
