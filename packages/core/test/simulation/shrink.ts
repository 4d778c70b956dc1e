import { Choices, streams, type ChoiceRecord, type Stream } from './choices.ts';
import { simulate } from './simulation.ts';

export interface Shrunk {
  readonly record: ChoiceRecord;
  /** Simulations that it took. */
  readonly tries: number;
}

type IsFailing = (record: ChoiceRecord) => Promise<boolean>;

/** The simulation of these choices breaks that invariant. */
export function breaks(invariant: string): IsFailing {
  return async (record) => (await simulate(Choices.replay(record))).violation?.id === invariant;
}

/** In that order: what people and the world do goes first, the workflow last. */
const ORDER: readonly Stream[] = ['faults', 'people', 'schedule', 'agents', 'workflow', 'faults', 'people', 'agents'];

/**
 * Makes a failing simulation smaller: parts of its choices are left out or become 0, the plainest choice, as long as it
 * still fails (delta debugging over the list of choices).
 */
export async function shrink(record: ChoiceRecord, isFailing: IsFailing, most = 400): Promise<Shrunk> {
  let best = record;
  let tries = 0;
  const isBetter = async (candidate: ChoiceRecord): Promise<boolean> => {
    if (tries >= most || sizeOf(candidate) >= sizeOf(best)) return false;
    tries += 1;
    if (!(await isFailing(candidate))) return false;
    best = candidate;
    return true;
  };
  for (const stream of ORDER) {
    await shrinkStream(() => best, stream, isBetter);
    await shrinkLists(() => best, stream, isBetter);
  }
  return { record: best, tries };
}

async function shrinkStream(
  bestNow: () => ChoiceRecord,
  stream: Stream,
  isBetter: (candidate: ChoiceRecord) => Promise<boolean>,
): Promise<void> {
  if (await isBetter({ ...bestNow(), [stream]: [] })) return;
  for (let size = Math.ceil(bestNow()[stream].length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = bestNow()[stream].length - size; at > -size; at -= size) {
      const list = bestNow()[stream];
      const from = Math.max(0, at);
      const zeroed = list.map((choice, index) => (index >= from && index < from + size ? 0 : choice));
      const without = list.toSpliced(from, size);
      if (!(await isBetter({ ...bestNow(), [stream]: without }))) await isBetter({ ...bestNow(), [stream]: zeroed });
    }
  }
}

/** Choices of a member of a list that a choice before it counts. */
const LONGEST_MEMBER = 4;
const LONGEST_STREAM = 40;

/** A list gets one member less, any of them: the choice that counts them goes down, those of the member are left out. */
async function shrinkLists(
  bestNow: () => ChoiceRecord,
  stream: Stream,
  isBetter: (candidate: ChoiceRecord) => Promise<boolean>,
): Promise<void> {
  if (bestNow()[stream].length > LONGEST_STREAM) return;
  for (let counter = 0; counter < bestNow()[stream].length; counter += 1)
    for (let at = counter + 1; at < bestNow()[stream].length; at += 1)
      for (let size = LONGEST_MEMBER; size >= 0; size -= 1) {
        const list = bestNow()[stream];
        const count = list[counter] ?? 0;
        if (
          count > 0 &&
          (await isBetter({ ...bestNow(), [stream]: list.toSpliced(at, size).with(counter, count - 1) }))
        )
          size = LONGEST_MEMBER + 1;
      }
}

/** Fewer choices, more of them plain, lower ones. */
function sizeOf(record: ChoiceRecord): number {
  const choices = streams.flatMap((stream) => record[stream]);
  return choices.reduce((sum, choice) => sum + 1 + (choice === 0 ? 0 : 4) + choice / 1e6, 0);
}
