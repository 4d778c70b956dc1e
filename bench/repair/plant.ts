/**
 * Plants the bugs of the repair bench in code that was not written for it.
 *
 *   node bench/repair/plant.ts --out DIR [--seed N]
 *
 * Writes DIR/repositories/ID with one bug each, DIR/planted.json with what was planted where, and
 * DIR/not-planted.json with the entries that could not be used and why. Exit code 1 when there are such entries.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { insideGrammar, isOutsideGrammar, outsideGrammar, type OperatorName } from '../planting/mutation.ts';
import { plantBug } from '../planting/plant-bug.ts';
import { runSuite } from '../planting/run-suite.ts';
import { seededRandom, shuffled } from '../planting/seeded-random.ts';
import { corpus, type CorpusEntry } from './corpus.ts';
import { commitAll, layOut } from './lay-out.ts';

const longestSuiteMs = 60_000;

interface PlantedRecord {
  readonly id: string;
  readonly package: string;
  readonly version: string;
  readonly language: 'javascript' | 'python';
  readonly operator: OperatorName;
  readonly outsideGrammar: boolean;
  readonly file: string;
  readonly line: number;
  readonly before: string;
  readonly after: string;
  readonly failing: number;
  readonly placesTried: number;
  readonly testCommand: string;
  /** Relative to the directory that holds the record. */
  readonly directory: string;
}

interface NotPlanted {
  readonly id: string;
  readonly reason: string;
}

interface Assignment {
  readonly entry: CorpusEntry;
  readonly operators: readonly OperatorName[];
}

/** Which family and which order of operators an entry gets: decided by the seed before any code is looked at. */
export function assignOperators(seed: string): Assignment[] {
  const random = seededRandom(seed);
  const outsiders = new Set(shuffled(corpus.entries, random).slice(0, corpus.outsideGrammar));
  const inside = shuffled(insideGrammar, random);
  const outside = shuffled(outsideGrammar, random);
  return corpus.entries.map((entry, index) => ({
    entry,
    operators: outsiders.has(entry) ? rotated(outside, [...outsiders].indexOf(entry)) : rotated(inside, index),
  }));
}

/** Ten bugs of ten kinds where that is possible: an operator that is planted already is not planted again. */
function withoutUsed({ entry, operators }: Assignment, used: ReadonlySet<OperatorName>): Assignment {
  const unused = operators.filter((operator) => !used.has(operator));
  return { entry, operators: unused.length > 0 ? unused : operators };
}

function rotated<Item>(items: readonly Item[], by: number): Item[] {
  return [...items.slice(by % items.length), ...items.slice(0, by % items.length)];
}

async function plantEntry(
  { entry, operators }: Assignment,
  out: string,
  seed: string,
): Promise<PlantedRecord | NotPlanted> {
  const directory = layOut(entry, out);
  const started = performance.now();
  const suite = await runSuite(directory, entry.testCommand, longestSuiteMs);
  if (suite.outcome !== 'green')
    return { id: entry.id, reason: `${suite.outcome} before planting: ${suite.output.slice(-600)}` };
  const timeoutMs = hangLimit(performance.now() - started);
  const random = seededRandom(`${seed}/${entry.id}`);
  const { sources, testCommand } = entry;
  const planted = await plantBug({ directory, sources, testCommand, operators, random, timeoutMs });
  if (planted === undefined) return { id: entry.id, reason: 'no place makes a test fail' };
  commitAll(directory);
  return {
    id: entry.id,
    package: entry.package,
    version: entry.version,
    language: entry.kind === 'npm' ? 'javascript' : 'python',
    outsideGrammar: isOutsideGrammar(planted.operator),
    ...planted,
    testCommand,
    directory: join('repositories', entry.id),
  };
}

/** Twenty times the green suite, from ten seconds to a minute: an endless loop must not fill the memory meanwhile. */
function hangLimit(greenMs: number): number {
  return Math.min(Math.max(20 * greenMs, 10_000), longestSuiteMs);
}

async function attempt(assignment: Assignment, out: string, seed: string): Promise<PlantedRecord | NotPlanted> {
  try {
    return await plantEntry(assignment, out, seed);
  } catch (error) {
    // A package that cannot be fetched or laid out is one line of the report; the others are still planted.
    return { id: assignment.entry.id, reason: error instanceof Error ? error.message : String(error) };
  }
}

async function plantAll(out: string, seed: string): Promise<number> {
  mkdirSync(out, { recursive: true });
  const planted: PlantedRecord[] = [];
  const notPlanted: NotPlanted[] = [];
  for (const assignment of assignOperators(seed)) {
    const used = new Set(planted.map((record) => record.operator));
    const result = await attempt(withoutUsed(assignment, used), out, seed);
    if ('reason' in result) notPlanted.push(result);
    else planted.push(result);
    process.stderr.write(`${'reason' in result ? `not planted: ${result.id}: ${result.reason}` : summary(result)}\n`);
  }
  writeFileSync(join(out, 'planted.json'), `${JSON.stringify(planted, null, 2)}\n`);
  writeFileSync(join(out, 'not-planted.json'), `${JSON.stringify(notPlanted, null, 2)}\n`);
  const outside = planted.filter((record) => record.outsideGrammar).length;
  process.stdout.write(
    `${planted.length} planted (${outside} outside the grammar), ${notPlanted.length} not planted\n`,
  );
  return notPlanted.length === 0 ? 0 : 1;
}

function summary(record: PlantedRecord): string {
  return `${record.id}: ${record.operator} at ${record.file}:${record.line}, ${record.failing} failing, place ${record.placesTried}`;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { out: { type: 'string' }, seed: { type: 'string', default: corpus.seed } },
  });
  if (values.out !== undefined) return plantAll(resolve(values.out), values.seed);
  process.stderr.write('usage: node bench/repair/plant.ts --out DIR [--seed N]\n');
  return 2;
}

if (import.meta.main) process.exitCode = await main();
