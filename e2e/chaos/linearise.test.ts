import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { appendModel, type RunInput, type RunLine, type RunOutput } from './append-model.ts';
import { linearise, type Operation } from './linearise.ts';

type Step = Operation<RunInput, RunOutput>;

const append = (
  token: string,
  expectedSeq: number,
  [begin, at]: readonly [number, number | undefined],
  output: RunOutput = { kind: 'appended', lastSeq: expectedSeq + 1 },
  epoch = 1,
): Step => ({
  client: token,
  input: { do: 'append', expectedSeq, epoch, token },
  begin,
  ended: at === undefined ? undefined : { at, output },
});
const read = ([begin, at]: readonly [number, number], ...tokens: string[]): Step => ({
  client: 'reader',
  input: { do: 'read' },
  begin,
  ended: { at, output: { kind: 'events', tokens } },
});
const head = ([begin, at]: readonly [number, number], seq: number, epoch = 1): Step => ({
  client: 'reader',
  input: { do: 'head' },
  begin,
  ended: { at, output: { kind: 'head', seq, epoch } },
});
const verdict = (...steps: Step[]) => linearise(appendModel, steps).kind;

describe('a history that one order explains', () => {
  test('is taken when its operations follow each other', () => {
    expect(verdict(append('a', 0, [1, 2]), head([3, 4], 1), append('b', 1, [5, 6]), read([7, 8], 'a', 'b'))).toBe(
      'linearisable',
    );
  });

  test('is taken when overlapping operations fit in another order than they began', () => {
    expect(verdict(append('a', 1, [1, 10]), append('b', 0, [2, 9]), read([11, 12], 'b', 'a'))).toBe('linearisable');
  });

  test('is taken when a reader sees an append that has not ended', () => {
    expect(verdict(append('a', 0, [1, 10]), read([2, 3], 'a'), head([4, 5], 1))).toBe('linearisable');
  });

  test('is taken whether an append that nobody heard of has happened or not', () => {
    const unheard = append('a', 0, [1, undefined]);
    expect(verdict(unheard, read([5, 6]))).toBe('linearisable');
    expect(verdict(unheard, read([5, 6]), read([7, 8], 'a'))).toBe('linearisable');
  });

  test('is taken with appends that were refused as they should be', () => {
    const late = append('b', 0, [3, 4], { kind: 'conflict', headSeq: 1 }, 2);
    const old = append('c', 1, [5, 6], { kind: 'fenced', epoch: 2 }, 1);
    expect(verdict(append('a', 0, [1, 2], undefined, 2), late, old)).toBe('linearisable');
  });
});

describe('a history that no order explains', () => {
  test('is refused for a stale read: the append had been acknowledged before it began', () => {
    const stale = read([3, 4]);
    expect(linearise(appendModel, [append('a', 0, [1, 2]), stale])).toEqual({
      kind: 'refused',
      reached: 1,
      stuck: stale,
    });
  });

  test('is refused for a read that goes back behind an earlier one', () => {
    expect(verdict(append('a', 0, [1, 20]), head([2, 3], 1), head([4, 5], 0, 0))).toBe('refused');
  });

  test('is refused for a lost update: an acknowledged event is not there any more', () => {
    expect(verdict(append('a', 0, [1, 2]), append('b', 1, [3, 4]), read([5, 6], 'a'))).toBe('refused');
  });

  test('is refused for two appends that were acknowledged at the same place', () => {
    expect(verdict(append('a', 0, [1, 10]), append('b', 0, [1, 10]))).toBe('refused');
  });

  test('is refused for an append that is there twice', () => {
    expect(verdict(append('a', 0, [1, 2]), read([3, 4], 'a', 'a'))).toBe('refused');
  });

  test('is refused for an append that was refused and is there all the same', () => {
    const refused = append('b', 0, [3, 4], { kind: 'conflict', headSeq: 1 });
    expect(verdict(append('a', 0, [1, 2]), refused, read([5, 6], 'a', 'b'))).toBe('refused');
  });

  test('is refused for an event that appears after an older epoch wrote behind a newer one', () => {
    const newer = append('a', 0, [1, 2], undefined, 2);
    expect(verdict(newer, append('b', 1, [3, 4], undefined, 1))).toBe('refused');
  });

  test('is refused for what nobody wrote', () => {
    expect(verdict(read([1, 2], 'ghost'))).toBe('refused');
  });

  test('is refused when an unheard append comes and goes', () => {
    expect(verdict(append('a', 0, [1, undefined]), read([2, 3], 'a'), read([4, 5]))).toBe('refused');
  });
});

// --- histories of a correct object, and the same with one fault

const wish = fc.record({
  client: fc.nat(3),
  kind: fc.constantFrom('append', 'append', 'head', 'read'),
  offset: fc.constantFrom(0, 0, 0, 0, 1, -1),
  epoch: fc.constantFrom(2, 2, 2, 1),
  /** How long before and after its effect it is under way. */
  early: fc.nat(30),
  late: fc.nat(30),
  isHeard: fc.nat(9).map((number) => number > 0),
});

/** Every operation takes effect at its own moment, 10, 20, 30, ...; its call lies before, its return after that. */
function historyOf(wishes: readonly (typeof wish extends fc.Arbitrary<infer W> ? W : never)[]): Step[] {
  let line: RunLine = appendModel.initial;
  return wishes.map(({ client, kind, offset, epoch, early, late, isHeard }, index) => {
    const at = (index + 1) * 10;
    const input: RunInput =
      kind === 'append'
        ? { do: kind, expectedSeq: line.tokens.length + offset, epoch, token: `t${index}` }
        : { do: kind };
    const { output, next } = rightAnswer(line, input);
    line = next;
    const ended = isHeard || kind !== 'append' ? { at: at + late, output } : undefined;
    return { client: String(client), input, begin: at - early, ended };
  });
}

function rightAnswer(line: RunLine, input: RunInput): { readonly output: RunOutput; readonly next: RunLine } {
  const seq = line.tokens.length;
  const candidates: readonly RunOutput[] = [
    { kind: 'head', seq, epoch: line.epoch },
    { kind: 'events', tokens: line.tokens },
    { kind: 'fenced', epoch: line.epoch },
    { kind: 'conflict', headSeq: seq },
    { kind: 'appended', lastSeq: seq + 1 },
  ];
  for (const output of candidates) {
    const next = appendModel.step(line, input, output);
    if (next !== undefined) return { output, next };
  }
  throw new RangeError('the model gives no answer');
}

describe('by property', () => {
  test('every history of a correct object is taken', () => {
    fc.assert(
      fc.property(fc.array(wish, { maxLength: 60 }), (wishes) => verdict(...historyOf(wishes)) === 'linearisable'),
      { numRuns: 300 },
    );
  });

  test('a last read that lacks an acknowledged append, or shows one twice, is refused', () => {
    fc.assert(
      fc.property(fc.array(wish, { minLength: 1, maxLength: 40 }), fc.nat(), fc.boolean(), (wishes, which, isLost) => {
        const steps = historyOf(wishes);
        const heard = steps.filter(({ ended }) => ended?.output.kind === 'appended');
        fc.pre(heard.length > 0);
        const victim = tokenOf(heard[which % heard.length]);
        const truth = steps.reduce((line, { input }) => rightAnswer(line, input).next, appendModel.initial).tokens;
        const shown = isLost ? truth.filter((token) => token !== victim) : [...truth, victim];
        const end = (wishes.length + 10) * 10;
        expect(verdict(...steps, read([end, end + 1], ...truth))).toBe('linearisable');
        expect(verdict(...steps, read([end, end + 1], ...shown))).toBe('refused');
      }),
      { numRuns: 200 },
    );
  });

  test('a read that ended before an append which it shows had begun is refused', () => {
    fc.assert(
      fc.property(fc.array(wish, { minLength: 1, maxLength: 40 }), (wishes) => {
        const steps = historyOf(wishes);
        const first = steps.findIndex(({ ended }) => ended?.output.kind === 'appended');
        fc.pre(first >= 0 && steps.slice(0, first).every(({ ended }) => ended !== undefined));
        const step = steps[first];
        const prophet = read([-200, -199], tokenOf(step));
        expect(verdict(prophet, ...steps)).toBe('refused');
      }),
      { numRuns: 200 },
    );
  });
});

function tokenOf(step: Step | undefined): string {
  return step?.input.do === 'append' ? step.input.token : '';
}
