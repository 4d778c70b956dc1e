/**
 * Repairs what plant.ts planted, with the command that a person would use, and says which edits were found.
 *
 *   node bench/repair/run.ts --planted DIR [--only ID] [--max-candidates N] [--timeout D]
 *
 * Prints a table to stderr as it goes and JSON to stdout. A repair counts when every test of the suite passes; `identical`
 * says whether the repaired file is the original one. Each repository is worked on in a fresh copy.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';

const plantedSchema = z.array(
  z.object({
    id: z.string(),
    operator: z.string(),
    outsideGrammar: z.boolean(),
    file: z.string(),
    line: z.number(),
    before: z.string(),
    after: z.string(),
    directory: z.string(),
  }),
);
type Planted = z.infer<typeof plantedSchema>[number];

const reportSchema = z.object({
  status: z.string(),
  tried: z.number(),
  diff: z.string(),
  failure: z.object({ reason: z.string(), message: z.string() }).optional(),
});

interface Outcome {
  readonly id: string;
  readonly operator: string;
  readonly outsideGrammar: boolean;
  readonly repaired: boolean;
  /** The added lines of the diff are the ones that the bug replaced. */
  readonly identical: boolean;
  readonly tried: number;
  readonly seconds: number;
  readonly why: string;
  readonly diff: string;
}

const bin = join(import.meta.dirname, '..', '..', 'node_modules', '.bin', 'vltair');

function main(): void {
  const { values } = parseArgs({
    options: {
      planted: { type: 'string' },
      only: { type: 'string' },
      'max-candidates': { type: 'string', default: '1000' },
      timeout: { type: 'string', default: '10m' },
    },
  });
  const directory = resolve(values.planted ?? '.');
  const all = plantedSchema.parse(JSON.parse(readFileSync(join(directory, 'planted.json'), 'utf8')));
  const bounds = ['--max-candidates', values['max-candidates'], '--timeout', values.timeout];
  const outcomes = all
    .filter(({ id }) => values.only === undefined || id === values.only)
    .map((planted) => {
      const outcome = repair(planted, directory, bounds);
      process.stderr.write(`${row(outcome)}\n`);
      return outcome;
    });
  const repaired = outcomes.filter((outcome) => outcome.repaired).length;
  process.stderr.write(`${repaired} of ${outcomes.length} repaired\n`);
  process.stdout.write(`${JSON.stringify(outcomes, null, 2)}\n`);
}

function repair(planted: Planted, directory: string, bounds: readonly string[]): Outcome {
  const copy = mkdtempSync(join(tmpdir(), `vltair-bench-${planted.id}-`));
  try {
    cpSync(join(directory, planted.directory), copy, { recursive: true, verbatimSymlinks: true });
    const begin = performance.now();
    const child = spawnSync(bin, ['fix', copy, '--json', '--quiet', ...bounds], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    const seconds = Math.round((performance.now() - begin) / 100) / 10;
    return { ...identity(planted), seconds, ...judge(planted, child.stdout, child.stderr) };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function identity({ id, operator, outsideGrammar }: Planted): Pick<Outcome, 'id' | 'operator' | 'outsideGrammar'> {
  return { id, operator, outsideGrammar };
}

function judge(
  planted: Planted,
  stdout: string,
  stderr: string,
): Omit<Outcome, 'id' | 'operator' | 'outsideGrammar' | 'seconds'> {
  const report = reportSchema.safeParse(parseJson(stdout));
  if (!report.success)
    return { repaired: false, identical: false, tried: 0, why: lastLine(stderr || stdout), diff: '' };
  const { status, tried, diff, failure } = report.data;
  const repaired = status === 'succeeded' && diff !== '';
  const why = repaired ? '' : (failure?.message ?? status);
  return { repaired, identical: repaired && changesBack(diff, planted), tried, why, diff };
}

function changesBack(diff: string, { before, after }: Planted): boolean {
  const lines = (sign: string): string =>
    normalised(
      diff
        .split('\n')
        .filter((line) => line.startsWith(sign) && !line.startsWith(sign.repeat(3)))
        .map((line) => line.slice(1)),
    );
  return lines('+') === normalised(before.split('\n')) && lines('-') === normalised(after.split('\n'));
}

function normalised(lines: readonly string[]): string {
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

function row({ id, operator, outsideGrammar, repaired, identical, tried, seconds, why }: Outcome): string {
  const verdict = repaired
    ? identical
      ? 'repaired, identical'
      : 'repaired, another edit'
    : `not repaired: ${why.slice(0, 100)}`;
  return `${id.padEnd(26)} ${`${operator}${outsideGrammar ? ' *' : ''}`.padEnd(22)} ${String(tried).padStart(5)} ${seconds.toFixed(1).padStart(7)} s  ${verdict}`;
}

main();
