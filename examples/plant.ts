/**
 * Plants a second, seeded bug into a copy of an example.
 *
 *   node examples/plant.ts REPO_DIR --seed N [--fixed] [--example NAME]
 *
 * REPO_DIR is changed in place; --fixed mends the bug that the example comes with first. The example is known by the
 * name of the directory, or by --example.
 */
import { globSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { insideGrammar, outsideGrammar } from '../bench/planting/mutation.ts';
import { plantBug, type PlantedBug } from '../bench/planting/plant-bug.ts';
import { seededRandom, shuffled } from '../bench/planting/seeded-random.ts';
import { applyAnswer, exampleTestCommand, isExampleName, type ExampleName } from './answers.ts';

const usage = 'usage: node examples/plant.ts REPO_DIR --seed N [--fixed] [--example NAME]';

export interface ExamplePlanting {
  readonly example: ExampleName;
  readonly directory: string;
  readonly seed: string;
  readonly isFixedFirst: boolean;
}

/** Undefined when no place of the example makes a test fail. */
export async function plantInExample(planting: ExamplePlanting): Promise<PlantedBug | undefined> {
  if (planting.isFixedFirst) applyAnswer(planting.example, planting.directory);
  const random = seededRandom(`${planting.example}/${planting.seed}`);
  return plantBug({
    directory: planting.directory,
    sources: sourceFiles(planting.directory),
    testCommand: exampleTestCommand(planting.example),
    operators: shuffled([...insideGrammar, ...outsideGrammar], random),
    random,
  });
}

function sourceFiles(directory: string): string[] {
  const isTest = (path: string): boolean => /(?:^|\/)(?:tests?|node_modules)\//.test(path) || /\.config\./.test(path);
  return globSync('**/*.{js,ts,py}', { cwd: directory })
    .filter((path) => !isTest(path))
    .sort();
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seed: { type: 'string' }, fixed: { type: 'boolean', default: false }, example: { type: 'string' } },
  });
  const directory = positionals[0];
  if (directory === undefined || values.seed === undefined) return refuse(usage);
  const example = values.example ?? basename(resolve(directory));
  if (!isExampleName(example)) return refuse(`${example} is no example; name one with --example\n${usage}`);
  const planted = await plantInExample({
    example,
    directory: resolve(directory),
    seed: values.seed,
    isFixedFirst: values.fixed,
  });
  if (planted === undefined) return refuse('no place makes a test fail');
  const { file, line, before, after, operator } = planted;
  process.stdout.write(`${JSON.stringify({ file, line, before, after, operator }, null, 2)}\n`);
  return 0;
}

function refuse(message: string): number {
  process.stderr.write(`${message}\n`);
  return 2;
}

if (import.meta.main) process.exitCode = await main();
