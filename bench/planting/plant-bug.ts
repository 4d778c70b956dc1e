import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findMutations, isSound } from './find-mutations.ts';
import { applyEdit, type Mutation, type OperatorName } from './mutation.ts';
import { runSuite, type SuiteResult } from './run-suite.ts';
import { shuffled, type Random } from './seeded-random.ts';

export interface PlantRequest {
  readonly directory: string;
  /** Relative paths of the files that may be changed. */
  readonly sources: readonly string[];
  readonly testCommand: string;
  /** In order of preference; the first that leads to a red suite is taken. */
  readonly operators: readonly OperatorName[];
  readonly random: Random;
  readonly maxPlaces?: number;
  /** A suite that takes longer than this is taken to hang. */
  readonly timeoutMs?: number;
}

export interface PlantedBug {
  readonly file: string;
  readonly line: number;
  /** The whole lines that the edit touches. */
  readonly before: string;
  readonly after: string;
  readonly operator: OperatorName;
  readonly failing: number;
  readonly placesTried: number;
}

/**
 * Edits one place so that at least one test fails and most still pass; a place where nothing fails, where the suite
 * hangs or where it falls over as a whole is put back and the next one is tried. Undefined when no place will do.
 */
export async function plantBug(request: PlantRequest): Promise<PlantedBug | undefined> {
  let placesTried = 0;
  for (const mutation of orderedPlaces(request)) {
    const path = join(request.directory, mutation.file);
    const source = readFileSync(path, 'utf8');
    if (!isSound(mutation, source)) continue;
    if (placesTried === (request.maxPlaces ?? 60)) return undefined;
    placesTried += 1;
    writeFileSync(path, applyEdit(source, mutation));
    const result = await runSuite(request.directory, request.testCommand, request.timeoutMs);
    if (isNaturalFailure(result)) {
      return { ...describe(mutation, source), failing: result.tally?.failed ?? 0, placesTried };
    }
    writeFileSync(path, source);
  }
  return undefined;
}

/** One place of each operator in turn, so that no operator is tried to its end before the next has had a chance. */
function orderedPlaces(request: PlantRequest): Mutation[] {
  const sources = request.sources.map((file) => ({
    file,
    source: readFileSync(join(request.directory, file), 'utf8'),
  }));
  const found = sources.map(({ file, source }) => findMutations(file, source, request.operators));
  const columns = request.operators.map((operator) =>
    shuffled(
      found.flatMap((mutations) => mutations.get(operator) ?? []),
      request.random,
    ),
  );
  const deepest = Math.max(0, ...columns.map((column) => column.length));
  return Array.from({ length: deepest }, (_, row) => columns.flatMap((column) => column.slice(row, row + 1))).flat();
}

function isNaturalFailure({ outcome, tally }: SuiteResult): boolean {
  return outcome === 'red' && tally !== undefined && tally.failed > 0 && tally.failed <= tally.passed;
}

function describe(mutation: Mutation, source: string): Omit<PlantedBug, 'failing' | 'placesTried'> {
  const mutated = applyEdit(source, mutation);
  const first = source.lastIndexOf('\n', mutation.start - 1) + 1;
  const isWholeLines = mutation.end > first && source[mutation.end - 1] === '\n';
  const end = isWholeLines ? mutation.end - 1 : endOfLine(source, mutation.end);
  const length = Math.max(end + mutated.length - source.length, first);
  return {
    file: mutation.file,
    line: source.slice(0, mutation.start).split('\n').length,
    before: source.slice(first, end),
    after: isWholeLines ? '' : mutated.slice(first, length),
    operator: mutation.operator,
  };
}

function endOfLine(source: string, from: number): number {
  const end = source.indexOf('\n', from);
  return end === -1 ? source.length : end;
}
