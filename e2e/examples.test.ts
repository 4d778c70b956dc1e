import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runSuite } from '../bench/planting/run-suite.ts';
import {
  applyAnswer,
  exampleDirectory,
  exampleNames,
  exampleTestCommand,
  type ExampleName,
} from '../examples/answers.ts';
import { plantInExample } from '../examples/plant.ts';

// Copies live inside this repository, where `vitest` is found in a parent's node_modules, and outside of git.
const scratchParent = join(import.meta.dirname, '..', '.vltair');
let scratch = '';

beforeAll(() => {
  mkdirSync(scratchParent, { recursive: true });
  scratch = mkdtempSync(join(scratchParent, 'examples-'));
});

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

/** A machine without Python can still develop the product; the Python example is then left out. */
function hasPython(): boolean {
  return spawnSync('python3', ['--version'], { stdio: 'ignore' }).status === 0;
}

function aCopy(name: ExampleName, label: string): string {
  const directory = join(scratch, label, name);
  cpSync(exampleDirectory(name), directory, { recursive: true });
  return directory;
}

const runnable = exampleNames.filter((name) => name !== 'ledger-py' || hasPython());

describe.each(runnable)('%s', (name) => {
  it('is red with the bug that it comes with, in one to three tests', async () => {
    const suite = await runSuite(aCopy(name, 'red'), exampleTestCommand(name));
    expect(suite).toMatchObject({ outcome: 'red' });
    expect(suite.tally?.failed).toBeGreaterThanOrEqual(1);
    expect(suite.tally?.failed).toBeLessThanOrEqual(3);
    expect(suite.tally?.passed).toBeGreaterThanOrEqual(15);
  });

  it('is green with its answer', async () => {
    const directory = aCopy(name, 'green');
    applyAnswer(name, directory);
    expect(await runSuite(directory, exampleTestCommand(name))).toMatchObject({
      outcome: 'green',
      tally: { failed: 0 },
    });
  });

  it('gets the same second bug from the same seed', async () => {
    const plantings = await Promise.all(
      ['first', 'second'].map(async (label) => {
        const directory = aCopy(name, label);
        const planted = await plantInExample({ example: name, directory, seed: '7', isFixedFirst: true });
        return { planted, source: readFileSync(join(directory, planted?.file ?? ''), 'utf8') };
      }),
    );
    expect(plantings[0]?.planted?.failing).toBeGreaterThanOrEqual(1);
    expect(plantings[0]?.source).toContain(plantings[0]?.planted?.after);
    expect(plantings[1]).toEqual(plantings[0]);
  });
});

it('another seed plants another bug', async () => {
  const [one, other] = await Promise.all(
    ['1', '2'].map((seed) =>
      plantInExample({
        example: 'schedule-js',
        directory: aCopy('schedule-js', `seed-${seed}`),
        seed,
        isFixedFirst: true,
      }),
    ),
  );
  expect(one).toBeDefined();
  expect(other).not.toEqual(one);
});
