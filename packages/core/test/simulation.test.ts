import { decisionSchema, factSchema } from '@vltair/protocol';
import { expect, test } from 'vitest';
import { Choices, streams, type ChoiceRecord } from './simulation/choices.ts';
import { crashScenario } from './simulation/crash-scenario.ts';
import { generateScenario } from './simulation/generate-scenario.ts';
import { faultKinds } from './simulation/scenario.ts';
import { shrink } from './simulation/shrink.ts';
import { simulate, type Outcome } from './simulation/simulation.ts';

const SEEDS = 300;
const plainest: ChoiceRecord = { workflow: [], agents: [], people: [], faults: [], schedule: [] };

const outcomes: Outcome[] = [];

test(`${SEEDS} simulated worlds keep every invariant`, async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const outcome = await simulate(Choices.ofSeed(seed));
    const { violation } = outcome;
    outcomes.push(outcome);
    expect(violation?.message, `reproduce: npm run simulate -- --from ${seed} --seeds 1`).toBeUndefined();
  }
}, 300_000);

/** Written by those who keep a store or change a workflow; machine/migrate.test.ts and the tests of retention are about them. */
const elsewhere: ReadonlySet<string> = new Set(['payload.purged', 'run.migrated', 'run.restored']);

test('they have met every event type and every fault', () => {
  const types = [...factSchema.options, ...decisionSchema.options]
    .map((option) => option.shape.type.value)
    .filter((type) => !elsewhere.has(type));
  expect([...new Set(outcomes.flatMap((outcome) => outcome.types))].toSorted()).toEqual(types.toSorted());
  expect([...new Set(outcomes.flatMap(({ faults }) => Object.keys(faults)))].toSorted()).toEqual(faultKinds.toSorted());
});

test('the same seed gives the same bytes, and so does the record of its choices', async () => {
  for (const seed of [1, 7, 49, 181]) {
    const choices = Choices.ofSeed(seed);
    const first = await simulate(choices);
    for (const again of [Choices.ofSeed(seed), Choices.replay(structuredClone(choices.record))]) {
      const { digest, turns } = await simulate(again);
      expect({ digest, turns }).toEqual({ digest: first.digest, turns: first.turns });
    }
  }
});

test('another schedule gives other bytes', async () => {
  const digests = await Promise.all(
    [1, 2, 3].map(async (seed) => (await simulate(Choices.ofSeed(seed), { scenario: crashScenario })).digest),
  );
  expect(new Set(digests).size).toBe(3);
});

test('a worker that dies before any of its turns, its requests lost or not, leaves a run that comes to its end', async () => {
  const options = { scenario: crashScenario, isCalm: true };
  const whole = await simulate(Choices.replay(plainest), options);
  expect(whole.violation?.message).toBeUndefined();
  const places = [...whole.workerTurns.entries()].filter(
    ([turn, { label }]) => !isLook(label, whole.workerTurns[turn + 1]?.label),
  );
  expect(places.length).toBeGreaterThan(100);
  for (const [turn, { onTheWay }] of places)
    for (const arrives of onTheWay === 0 ? [false] : [false, true]) {
      const crashAt = { turn, arrives };
      const { violation, statuses } = await simulate(Choices.replay(plainest), { ...options, crashAt });
      expect(violation?.message, `dead before turn ${turn}, requests arrive: ${arrives}`).toBeUndefined();
      expect(statuses[0]).toBe('failed');
    }
}, 300_000);

/** Asking whether there is anything to do, where there is not. */
function isLook(label: string, next: string | undefined): boolean {
  const isPoll = (text: string | undefined): boolean =>
    text !== undefined && /^(store\.(claim|runs)|leases\.renew)( reply)?$/.test(text);
  return isPoll(label) || (label === 'timer' && (next === 'timer' || isPoll(next)));
}

test('a failing simulation is made smaller, and still fails for the same reason', async () => {
  const choices = Choices.ofSeed(3);
  await simulate(choices);
  const isFailing = (record: ChoiceRecord): Promise<boolean> =>
    Promise.resolve(generateScenario(Choices.replay(record)).faults.some(({ kind }) => kind === 'freeze'));
  const { record } = await shrink(choices.record, isFailing);
  expect(await isFailing(record)).toBe(true);
  const { faults, wishes, workflow } = generateScenario(Choices.replay(record));
  expect(faults.length).toBeLessThanOrEqual(2);
  expect(wishes).toEqual([]);
  expect(workflow.nodes).toHaveLength(1);
  expect(streams.reduce((sum, stream) => sum + record[stream].length, 0)).toBeLessThan(20);
});
