/**
 * Fault localisation: which lines of a repository are most likely to hold the fault that a failing test shows.
 *
 * A line's score is the sum of four parts, each from 0 to 1, times a fixed weight:
 * - frame: the line is in a stack of a failing case (1 for the innermost repository frame, 1/2 for the next, ...); lines of the
 *   same definition get a share that falls with their distance;
 * - spectrum: the Ochiai coefficient of the line over failing and passing tests, where coverage is known;
 * - mention: the Ochiai coefficient of the definition's name over the texts of failing and passing cases; what a mentioned
 *   definition calls by name gets a share, for two steps;
 * - reach: 1 for a file that a failing test imports directly, 1/2 for one further away, ..., 0 for the rest.
 *
 * I1: protected paths (tests, their configuration) never appear. I2: equal inputs give equal bytes: scores are rounded to six
 * places and ties break by file, then line.
 */
import type { CoverageHint, TestCase, TestResult } from '@vltair/protocol';
import { importDistances, type Sources } from './import-graph.ts';
import { languageOf } from './language.ts';
import { lentScores } from './load-time-lines.ts';
import { mentionedNames, mentionScores, spreadToCallees } from './mention-spectrum.ts';
import { ochiai } from './ochiai.ts';
import { outlineSource, type Definition } from './outline.ts';
import { isProtectedPath } from './protected-paths.ts';

/** One line under suspicion. */
export interface SuspiciousLine {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 0 to 1, six places. */
  readonly score: number;
  /** The parts that the score is made of, for a person. */
  readonly why: string;
}

export interface LocalisationInput {
  readonly testResult: TestResult;
  readonly coverage?: CoverageHint;
  /** Every source of the repository by path relative to its root, tests included: they say what they import. */
  readonly sources: Sources;
  /** Files that are no suspects; the path rule unless said otherwise. */
  readonly isProtected?: (path: string) => boolean;
}

const weights = { frame: 0.5, spectrum: 0.3, mention: 0.12, reach: 0.08 } as const;
type Part = keyof typeof weights;
type Parts = Readonly<Record<Part, number>>;
type Scores = ReadonlyMap<string, number>;

/** A line that no failing test ran, in a file whose coverage is known, keeps this share of its score. */
const uncoveredShare = 0.1;

/** A line without code of its own: blank, comment, closing bracket, import, a lone keyword. */
const inertLine =
  /^\s*(?:$|\/\/|\/\*|\*|#|[)\]}]+[;,]?\s*$|import\b|from\s+\S+\s+import\b|(?:else|try|finally|do)\s*[:{]?\s*$|['"]use strict['"])/;

/** The lines of all repairable files, most suspicious first. */
export function rankLines(input: LocalisationInput): readonly SuspiciousLine[] {
  const failing = input.testResult.cases.filter((each) => each.status === 'failed');
  const isProtected = input.isProtected ?? isProtectedPath;
  const files = [...input.sources.keys()].filter((file) => isReadable(file) && !isProtected(file)).toSorted();
  const outlines = new Map(files.map((file) => [file, outlineOf(file, input.sources)] as const));
  const parts: Readonly<Record<Part, Scores>> = {
    frame: frameScores(failing, outlines, input.sources),
    spectrum: withLoadTimeLines(spectrumScores(input.coverage), outlines, input.sources),
    mention: mentionOf(input, outlines),
    reach: reachScores(failing, input.sources),
  };
  const covered = new Set(input.coverage?.failing.flatMap((test) => test.covered.map((entry) => entry.file)));
  return files
    .flatMap((file) =>
      rankFile(file, input.sources.get(file) ?? '', outlines.get(file) ?? [], parts, covered.has(file)),
    )
    .toSorted((a, b) => b.score - a.score || compareText(a.file, b.file) || a.line - b.line);
}

function isReadable(file: string): boolean {
  return languageOf(file) !== undefined && !/\.(d\.[mc]?ts|pyi|min\.[mc]?js)$/i.test(file);
}

function outlineOf(file: string, sources: Sources): readonly Definition[] {
  const language = languageOf(file);
  return language === undefined ? [] : outlineSource(sources.get(file) ?? '', language);
}

function rankFile(
  file: string,
  source: string,
  outline: readonly Definition[],
  scores: Readonly<Record<Part, Scores>>,
  isCovered: boolean,
): SuspiciousLine[] {
  const mention = mentionByLine(outline, scores.mention);
  return source.split('\n').flatMap((text, index) => {
    if (inertLine.test(text)) return [];
    const line = index + 1;
    const parts: Parts = {
      frame: scores.frame.get(rankedLineKey(file, line)) ?? 0,
      spectrum: scores.spectrum.get(rankedLineKey(file, line)) ?? 0,
      mention: mention.get(line) ?? 0,
      reach: scores.reach.get(file) ?? 0,
    };
    return [{ file, line, score: totalScore(parts, isCovered), why: explain(parts) }];
  });
}

function totalScore(parts: Parts, isCovered: boolean): number {
  const names = Object.keys(weights) as readonly Part[];
  const sum = names.reduce((total, part) => total + weights[part] * parts[part], 0.001);
  const share = isCovered && parts.spectrum === 0 && parts.frame < thrownShare ? uncoveredShare : 1;
  return Math.round(sum * share * 1e6) / 1e6;
}

function explain(parts: Parts): string {
  const told = (Object.keys(weights) as readonly Part[]).filter((part) => parts[part] > 0);
  return told.length === 0 ? 'unreached' : told.map((part) => `${part} ${parts[part].toFixed(2)}`).join(', ');
}

/** Each definition lends its score to its lines; the innermost and the higher one win. */
function mentionByLine(outline: readonly Definition[], mention: Scores): ReadonlyMap<number, number> {
  const byLine = new Map<number, number>();
  for (const definition of outline) {
    const score = mention.get(definition.name) ?? 0;
    if (score === 0) continue;
    for (let line = definition.firstLine; line <= definition.lastLine; line += 1) {
      byLine.set(line, Math.max(score, byLine.get(line) ?? 0));
    }
  }
  return byLine;
}

function mentionOf(input: LocalisationInput, outlines: ReadonlyMap<string, readonly Definition[]>): Scores {
  const names = new Set([...outlines.values()].flat().map((each) => each.name));
  const places = [...outlines].flatMap(([file, outline]) => outline.map((each) => ({ file, ...each })));
  const byName = Map.groupBy(places, (each) => each.name);
  const bodyOf = (file: string, first: number, last: number): string =>
    (input.sources.get(file) ?? '').split('\n').slice(first, last).join('\n');
  return spreadToCallees(mentionScores(input.testResult.cases, input.sources, names), (name) =>
    mentionedNames(
      (byName.get(name) ?? []).map((each) => bodyOf(each.file, each.firstLine, each.lastLine)).join('\n'),
      names,
    ),
  );
}

/** A line that throws on purpose tells what was found wrong, seldom what is: its function gets this share. */
const thrownShare = 0.5;
const throwing = /^\s*(?:(?:if|else)\b.*)?\b(?:throw|raise|assert)\b/;

function frameScores(
  failing: readonly TestCase[],
  outlines: ReadonlyMap<string, readonly Definition[]>,
  sources: Sources,
): Scores {
  const scores = new Map<string, number>();
  const linesOf = new Map([...outlines.keys()].map((file) => [file, (sources.get(file) ?? '').split('\n')] as const));
  const raise = (key: string, score: number): void => void scores.set(key, Math.max(score, scores.get(key) ?? 0));
  for (const each of failing) {
    const frames = (each.stack ?? []).filter((frame) => outlines.has(frame.file));
    frames.forEach((frame, depth) => {
      const around = innermost(outlines.get(frame.file) ?? [], frame.line);
      const text = linesOf.get(frame.file)?.[frame.line - 1] ?? '';
      const share = throwing.test(text) ? thrownShare : 1;
      for (let line = around.firstLine; line <= around.lastLine; line += 1) {
        const nearness = line === frame.line ? 1 : 0.6 / (1 + Math.abs(line - frame.line) / 4);
        raise(rankedLineKey(frame.file, line), (nearness * share) / (depth + 1));
      }
    });
  }
  return scores;
}

function innermost(outline: readonly Definition[], line: number): Pick<Definition, 'firstLine' | 'lastLine'> {
  const around = outline.filter((each) => each.firstLine <= line && line <= each.lastLine);
  return around.at(-1) ?? { firstLine: Math.max(1, line - 5), lastLine: line + 5 };
}

function spectrumScores(coverage: CoverageHint | undefined): Scores {
  if (coverage === undefined) return new Map();
  const failed = countRuns(coverage.failing);
  const passed = countRuns(coverage.passing);
  const failing = coverage.failing.length;
  return new Map(
    [...failed].map(([key, count]) => [key, ochiai({ failed: count, failing, passed: passed.get(key) ?? 0 })] as const),
  );
}

/** Where coverage of a file is known, its lines that run while it loads are as suspicious as what uses them. */
function withLoadTimeLines(
  spectrum: Scores,
  outlines: ReadonlyMap<string, readonly Definition[]>,
  sources: Sources,
): Scores {
  const all = new Map(spectrum);
  for (const [file, outline] of outlines) {
    const language = languageOf(file);
    if (language === undefined) continue;
    const scoreOf = (line: number): number => spectrum.get(rankedLineKey(file, line)) ?? 0;
    const lent = lentScores({ source: sources.get(file) ?? '', language, outline, scoreOf });
    for (const [line, score] of lent) all.set(rankedLineKey(file, line), score);
  }
  return all;
}

function countRuns(tests: CoverageHint['failing']): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const test of tests) {
    const keys = new Set(test.covered.flatMap((entry) => entry.lines.map((line) => rankedLineKey(entry.file, line))));
    for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function reachScores(failing: readonly TestCase[], sources: Sources): Scores {
  const roots = [...new Set(failing.flatMap((each) => (each.file === undefined ? [] : [each.file])))].toSorted();
  return new Map(
    [...importDistances(roots, sources)].map(([file, distance]) => [file, 1 / Math.max(1, distance)] as const),
  );
}

/** A line of a file as one text, for maps. */
export function rankedLineKey(file: string, line: number): string {
  return `${file}\n${line}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
