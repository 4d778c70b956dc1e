import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { verifies } from '../../e2e/verifies.ts';
import { ContenderProcess } from './contender-process.ts';
import { OWN_CONTENDERS } from './contenders.ts';
import { driveLoad } from './drive-load.ts';
import { storeKind } from './vltair/open-bench-store.ts';

function aDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'vltair-bench-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function start(script: string, words: readonly string[], directory = aDirectory()): Promise<ContenderProcess> {
  const contender = await ContenderProcess.start(script, [directory, ...words]);
  onTestFinished(async () => await contender.stop());
  return contender;
}

test.for(OWN_CONTENDERS)(
  '$name runs workflows end to end and records timings, tokens and the budget',
  async ({ script, words, whyNot }, { skip }) => {
    verifies('H-37');
    const reason = await whyNot?.();
    skip(reason !== undefined, reason);
    const directory = aDirectory();
    onTestFinished(await storeKind(words[0] ?? '').prepare(directory));
    const contender = await start(script, words, directory);
    const { workflows, seconds, latencyMs, figures, sample } = await contender.run({ inFlight: 3, milliseconds: 200 });
    expect(workflows).toBeGreaterThanOrEqual(3);
    expect(seconds).toBeGreaterThan(0.1);
    expect(latencyMs.p50).toBeLessThanOrEqual(latencyMs.p99);
    expect(figures['events']).toBe(sample?.['events']);
    const steps = ['first', 'second', 'third', 'fourth', 'fifth'].map((node) => ({ node }));
    expect(sample).toMatchObject({
      timings: { totalMs: expect.any(Number), steps },
      tokens: { llm: 0, tool: 50 },
      budget: { limit: { calls: 5, tokens: 50 }, reserved: { calls: 0, tokens: 0 }, spent: { calls: 5, tokens: 50 } },
    });
  },
);

test('a contender that cannot open says why', async () => {
  const [entry] = OWN_CONTENDERS;
  await expect(start(entry?.script ?? '', ['paper'])).rejects.toThrow("no store 'paper'");
});

test('a load begins nothing after its time, and keeps as many under way as were asked for', async () => {
  let [underWay, most] = [0, 0];
  const runOne = async (): Promise<void> => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setTimeout(resolve, 20));
    underWay -= 1;
  };
  const { workflows, seconds, latencyMs } = await driveLoad(runOne, { inFlight: 4, milliseconds: 50 });
  expect([most, underWay]).toEqual([4, 0]);
  expect(workflows).toBeGreaterThanOrEqual(4);
  expect(seconds).toBeGreaterThanOrEqual(0.05);
  expect(latencyMs.p999).toBeGreaterThanOrEqual(latencyMs.p50);
});
