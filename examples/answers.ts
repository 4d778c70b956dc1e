import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import answers from './answers.json' with { type: 'json' };

export type ExampleName = keyof typeof answers;

export const exampleNames: readonly ExampleName[] = ['pricing-ts', 'schedule-js', 'ledger-py', 'monorepo'];

export function isExampleName(name: string): name is ExampleName {
  return Object.hasOwn(answers, name);
}

export function exampleDirectory(name: ExampleName): string {
  return join(import.meta.dirname, 'repos', name);
}

/** Puts the correct line in the place of the bug that the example comes with. */
export function applyAnswer(name: ExampleName, directory: string): void {
  const { file, line, correct } = answers[name];
  const path = join(directory, file);
  const lines = readFileSync(path, 'utf8').split('\n');
  lines[line - 1] = correct;
  writeFileSync(path, lines.join('\n'));
}

export function exampleTestCommand(name: ExampleName): string {
  return name === 'ledger-py' ? 'python3 -m unittest' : 'npm test --silent';
}
