// The regression gate: compares a measurement with the kept baseline, metric by metric, in terms of the control that ran
// between them. Prints the differences; exits 1 when a metric is worse by more than the threshold and what the control
// explains, 2 when the files cannot be compared.
//   node bench/bench_check.ts --current FILE [--baseline bench/baseline.json] [--threshold 0.05] [--diff FILE] [--json]
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { differenceTable } from './durable/difference-table.ts';
import { differences, type Difference } from './durable/gate.ts';
import { metricSchema } from './durable/metrics.ts';
import { skippedSentences } from './durable/result-table.ts';
import { resultSchema, type Result } from './durable/result.ts';

/** From here on, a difference that a person would care for can hide in what the machine does. */
const MUCH_NOISE = 0.2;
const measuredSchema = z.object({ metrics: z.array(metricSchema).min(1), skipped: resultSchema.shape.skipped });

function readMeasured(path: string): Pick<Result, 'metrics' | 'skipped'> {
  const measured = measuredSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (measured.success) return measured.data;
  throw new RangeError(`${path}: ${measured.error.issues.map(({ message }) => message).join('; ')}`);
}

function main(): number {
  const { values } = parseArgs({
    options: {
      baseline: { type: 'string', default: join(import.meta.dirname, 'baseline.json') },
      current: { type: 'string' },
      threshold: { type: 'string', default: '0.05' },
      diff: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const threshold = Number(values.threshold);
  if (values.current === undefined) throw new RangeError('--current FILE is needed: what `npm run bench` has written');
  if (!(threshold >= 0)) throw new RangeError(`--threshold ${values.threshold} is no share such as 0.05`);
  const current = readMeasured(values.current);
  const found = differences(readMeasured(values.baseline), current, threshold);
  const text = `${JSON.stringify({ threshold, differences: found }, null, 2)}\n`;
  if (values.diff !== undefined) writeFileSync(values.diff, text);
  process.stdout.write(values.json ? text : `${differenceTable(found)}\n`);
  warnOfNoise(found, threshold);
  for (const sentence of skippedSentences(current)) console.error(sentence);
  return found.every(({ verdict }) => verdict === 'holds') ? 0 : 1;
}

function warnOfNoise(found: readonly Difference[], threshold: number): void {
  const noise = Math.max(...found.map(({ allowed }) => allowed)) - threshold;
  if (noise > MUCH_NOISE)
    console.error(`the control itself varied by ${(noise * 100).toFixed(0)} %: a quieter machine would tell more`);
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(`bench_check: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
