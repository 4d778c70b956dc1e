/** What is chosen by a seed, by what it is about: a shorter workflow does not shift the schedule. */
export const streams = ['workflow', 'agents', 'people', 'faults', 'schedule'] as const;
export type Stream = (typeof streams)[number];

/**
 * Everything in a simulation that could have gone otherwise. A seed expands into choices, and the choices that were
 * made can be replayed without it, changed: that is how a failing simulation is made smaller.
 *
 * C1 The choice 0 is always the plainest one: nothing optional, no fault, first come first served. C2 Choices that are
 * missing are 0, and those that are too large for their place wrap around: every list of numbers is a simulation.
 */
export class Choices {
  readonly #source: (stream: Stream, count: number, isEarly: boolean) => number;
  readonly #made: Readonly<Record<Stream, number[]>> = madeOf(() => []);

  private constructor(source: (stream: Stream, count: number, isEarly: boolean) => number) {
    this.#source = source;
  }

  static ofSeed(seed: number): Choices {
    const randoms = madeOf((index) => randomNumbers(seed * streams.length + index + 1));
    return new Choices((stream, count, isEarly) => {
      const value = randoms[stream]();
      return isEarly && randoms[stream]() < 0.5 ? 0 : Math.floor(value * count);
    });
  }

  static replay(record: ChoiceRecord): Choices {
    const next = madeOf(() => ({ index: 0 }));
    return new Choices((stream, count) => (record[stream][next[stream].index++] ?? 0) % count);
  }

  /** A number from 0 to `count - 1`. */
  pick(stream: Stream, count: number): number {
    return this.#make(stream, count, false);
  }

  /** The same, more often 0. */
  pickEarly(stream: Stream, count: number): number {
    return this.#make(stream, count, true);
  }

  /** `true` that many times in a hundred. */
  chance(stream: Stream, percent: number): boolean {
    return this.pick(stream, 100) >= 100 - percent;
  }

  /** One of the list; the first is the plainest. */
  one<T>(stream: Stream, list: readonly [T, ...(readonly T[])]): T {
    return list[this.pick(stream, list.length)] ?? list[0];
  }

  /** What has been chosen up to now. */
  get record(): ChoiceRecord {
    return this.#made;
  }

  #make(stream: Stream, count: number, isEarly: boolean): number {
    if (count <= 1) return 0;
    const choice = this.#source(stream, count, isEarly);
    this.#made[stream].push(choice);
    return choice;
  }
}

export type ChoiceRecord = Readonly<Record<Stream, readonly number[]>>;

function madeOf<T>(make: (index: number) => T): Record<Stream, T> {
  const [workflow, agents, people, faults, schedule] = streams.map((_, index) => make(index)) as [T, T, T, T, T];
  return { workflow, agents, people, faults, schedule };
}

/** Numbers from 0 up to 1: mulberry32. */
function randomNumbers(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
