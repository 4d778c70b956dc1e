// The house rules over the whole repository: `node tools/check-sources.ts [ROOT]`.
import { readFileSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { checkBoundaries } from './rules/boundaries.ts';
import { checkDeterministicZone } from './rules/deterministic-zone.ts';
import { checkFileNames } from './rules/file-names.ts';
import { checkPortAwaits } from './rules/port-awaits.ts';
import { type TextFile, checkRegistryHosts } from './rules/registry-hosts.ts';
import { checkSilentCatches } from './rules/silent-catches.ts';
import { checkSuppressions } from './rules/suppressions.ts';
import { type Problem, describeProblem, listFiles, readSources } from './source.ts';

const TEXT = new Set(['', '.ts', '.js', '.mjs', '.cjs', '.json', '.md', '.yaml', '.yml', '.sh', '.npmrc', '.html']);

export interface Findings {
  readonly sources: number;
  readonly problems: readonly Problem[];
}

export function checkSources(root: string): Findings {
  const files = listFiles(root);
  const sources = readSources(root);
  const problems = [
    ...checkBoundaries(sources),
    ...checkDeterministicZone(sources),
    ...checkPortAwaits(sources),
    ...checkSilentCatches(sources),
    ...checkSuppressions(sources),
    ...checkFileNames(files),
    ...checkRegistryHosts(readTexts(root, files)),
  ];
  return { sources: sources.length, problems };
}

function readTexts(root: string, files: readonly string[]): TextFile[] {
  return files
    .filter((path) => TEXT.has(extname(path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

if (import.meta.main) {
  const { sources, problems } = checkSources(resolve(process.argv[2] ?? '.'));
  for (const problem of problems) console.error(describeProblem(problem));
  console.log(`${String(sources)} sources, ${String(problems.length)} problems`);
  process.exitCode = problems.length === 0 && sources > 0 ? 0 : 1;
}
