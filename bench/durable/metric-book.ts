import type { Ran } from './contender-messages.ts';
import type { ContenderEntry } from './contenders.ts';
import { metricKey, metricKind, type Metric } from './metrics.ts';
import { roundFigure } from './statistics.ts';

type Place = Pick<Metric, 'of' | 'inFlight' | 'name'>;
interface Page extends Place {
  readonly rounds: number[];
}

/** What the rounds have measured so far, a page for each metric. */
export class MetricBook {
  readonly #pages = new Map<string, Page>();

  /** @throws RangeError for a name that is not in the registry. */
  note(place: Place, value: number): void {
    metricKind(place.name);
    const key = metricKey(place);
    const page = this.#pages.get(key) ?? { ...place, rounds: [] };
    page.rounds.push(value);
    this.#pages.set(key, page);
  }

  load(of: string, inFlight: number, { workflows, seconds, latencyMs, figures }: Ran): void {
    const at = { of, inFlight };
    this.note({ ...at, name: 'workflows_per_second' }, workflows / seconds);
    this.note({ ...at, name: 'latency_p50' }, latencyMs.p50);
    this.note({ ...at, name: 'latency_p99' }, latencyMs.p99);
    this.note({ ...at, name: 'latency_p999' }, latencyMs.p999);
    if (figures['cpuMs'] !== undefined) this.note({ ...at, name: 'cpu_per_workflow' }, figures['cpuMs']);
    if (figures['events'] !== undefined) this.note({ ...at, name: 'events_per_workflow' }, figures['events']);
    if (figures['eventsPerCommit'] !== undefined)
      this.note({ ...at, name: 'events_per_commit' }, figures['eventsPerCommit']);
  }

  /** Of the round that was just played: every contender beside its rivals, and a crowd beside fifty. */
  ratios(contenders: readonly ContenderEntry[]): void {
    for (const { name: of, levels, rivals } of contenders) {
      for (const inFlight of levels) {
        const own = this.#last(of, inFlight);
        if (own === undefined) continue;
        const best = Math.max(0, ...rivals.map((rival) => this.#last(rival, inFlight) ?? 0));
        if (best > 0) this.note({ of, inFlight, name: 'ratio_to_best_peer' }, own / best);
        const fifty = this.#last(of, 50) ?? 0;
        if (inFlight > 50 && fifty > 0) this.note({ of, inFlight, name: 'ratio_to_50_in_flight' }, own / fifty);
      }
    }
  }

  metrics(): Metric[] {
    return [...this.#pages.values()].map(({ rounds, ...place }) => ({
      ...place,
      unit: metricKind(place.name).unit,
      rounds: rounds.map(roundFigure),
    }));
  }

  #last(of: string, inFlight: number): number | undefined {
    return this.#pages.get(metricKey({ of, inFlight, name: 'workflows_per_second' }))?.rounds.at(-1);
  }
}
