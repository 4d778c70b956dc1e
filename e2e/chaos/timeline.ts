import type { RunBook } from '../../packages/core/test/simulation/log-book.ts';
import type { EventPayload } from '../../packages/protocol/src/index.ts';
import type { Injected } from './fault-runner.ts';
import type { Heard } from './heard.ts';

/** A line of a timeline; times of {@link moment}. */
interface Line {
  readonly at: number;
  readonly text: string;
}

/** Keeps the run that met the most faults, of all that it is shown. */
export class Timeline {
  readonly #faults: readonly Injected[];
  readonly #heard: ReadonlyMap<string, readonly Heard[]>;
  #best: { readonly book: RunBook; readonly rank: number } | undefined;

  constructor(faults: readonly Injected[], heard: ReadonlyMap<string, readonly Heard[]>) {
    this.#faults = faults;
    this.#heard = heard;
  }

  show(book: RunBook): void {
    const rank = this.#rank(book);
    if (rank > (this.#best?.rank ?? -1)) this.#best = { book, rank };
  }

  /** Seconds of the campaign, faults and events in between each other. */
  lines(beganAt: number): readonly string[] {
    if (this.#best === undefined) return [];
    const { book } = this.#best;
    const events = this.#eventLines(book);
    const met = this.#metBy(events).flatMap(({ number, what, at, healedAt }) => [
      { at, text: `        fault ${number}: ${what}` },
      ...(healedAt - at < 50 ? [] : [{ at: healedAt, text: `        fault ${number} is healed` }]),
    ]);
    const all = [...events, ...met].toSorted((left, right) => left.at - right.at);
    const title = `${book.run} (${book.states[0]?.workflow.name ?? ''}), ${book.states.at(-1)?.status ?? ''}`;
    return [title, ...all.map(({ at, text }) => `${((at - beganAt) / 1_000).toFixed(3).padStart(9)} s  ${text}`)];
  }

  /** Different kinds of faults count most, then those who took it over, then questions to people. */
  #rank(book: RunBook): number {
    const met = this.#metBy(this.#eventLines(book));
    const types = book.landed.map(({ event }) => event.payload.type);
    const claims = types.filter((type) => type === 'run.claimed').length;
    const parked = types.filter((type) => type === 'effect.parked').length;
    return new Set(met.map(({ name }) => name)).size * 2 + Math.min(claims, 6) * 3 + parked * 4 - types.length / 50;
  }

  #metBy(lines: readonly Line[]): readonly Injected[] {
    const begin = lines[0]?.at ?? Infinity;
    const end = lines.at(-1)?.at ?? -Infinity;
    return this.#faults.filter(({ at, healedAt }) => at <= end && healedAt >= begin);
  }

  /** An event whose worker died before it could write down when it heard of it has the time that its neighbours leave it. */
  #eventLines({ run, landed }: RunBook): readonly Line[] {
    const times = new Map<number, number>();
    for (const heard of this.#heard.get(run) ?? [])
      if (heard.what === 'committed') for (const [seq] of heard.events) times.set(seq, heard.at);
    return landed.map(({ event: { seq, epoch, payload } }) => ({
      at: times.get(seq) ?? neighbourOf(times, seq),
      text: `${String(seq).padStart(3)} e${epoch} ${payload.type}${detailOf(payload)}`,
    }));
  }
}

function neighbourOf(times: ReadonlyMap<number, number>, seq: number): number {
  const before = [...times].findLast(([other]) => other < seq)?.[1];
  return before ?? [...times].find(([other]) => other > seq)?.[1] ?? 0;
}

function detailOf(payload: EventPayload): string {
  switch (payload.type) {
    case 'run.claimed':
      return ` by ${payload.worker}`;
    case 'effect.intended':
      return ` ${payload.key} (${payload.policy}, execution ${payload.execution})`;
    case 'effect.recorded':
      return ` ${payload.key}: ${payload.outcome.kind === 'value' ? JSON.stringify(payload.outcome.value) : payload.outcome.failure.reason}`;
    case 'effect.parked':
    case 'effect.reused':
      return ` ${payload.key}`;
    case 'effect.resolved':
      return ` ${payload.key}: ${payload.resolution}`;
    default:
      return 'node' in payload ? ` ${payload.node}` : '';
  }
}
