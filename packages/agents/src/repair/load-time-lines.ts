/**
 * Suspicion for lines that run while a module loads: `const LIMIT = 10`, a table, a regular expression, an attribute of a class.
 * They run before any test and belong to none, so that coverage says nothing of them; they are as suspicious as what uses them.
 */
import type { Language } from './language.ts';
import { lastLineOf, type Definition } from './outline.ts';

/** What a declaration gets of the most suspicious line that names it. */
const lentShare = 0.8;

const scriptForm = /^(?:export\s+)?(?:const|let|var)\s+([\p{L}_$][\p{L}\p{N}_$]*)/u;
const pythonForm = /^\s*([\p{L}_][\p{L}\p{N}_]*)\s*(?::[^=]+)?=(?!=)/u;
const word = /[\p{L}_$][\p{L}\p{N}_$]*/gu;

export interface OutlinedFile {
  readonly source: string;
  readonly language: Language;
  readonly outline: readonly Definition[];
  /** The score of a line that a test ran, 1-based; 0 for the others. */
  readonly scoreOf: (line: number) => number;
}

/** The lent scores by line. A name counts in its own file, and its line must not lie in a function. */
export function lentScores(file: OutlinedFile): ReadonlyMap<number, number> {
  const lines = file.source.split('\n');
  const lent = new Map<number, number>();
  const highest = highestByName(lines, file.scoreOf);
  const form = file.language === 'python' ? pythonForm : scriptForm;
  for (const [index, text] of lines.entries()) {
    const name = form.exec(text)?.[1];
    const score = name === undefined ? 0 : (highest.get(name) ?? 0);
    if (score === 0 || file.scoreOf(index + 1) > 0 || isInFunction(index + 1, file.outline, lines)) continue;
    for (let line = index + 1; line <= lastLineOf(lines, index); line += 1) lent.set(line, score * lentShare);
  }
  return lent;
}

function highestByName(lines: readonly string[], scoreOf: (line: number) => number): ReadonlyMap<string, number> {
  const highest = new Map<string, number>();
  for (const [index, text] of lines.entries()) {
    const score = scoreOf(index + 1);
    if (score === 0) continue;
    for (const [name] of text.matchAll(word)) highest.set(name, Math.max(score, highest.get(name) ?? 0));
  }
  return highest;
}

function isInFunction(line: number, outline: readonly Definition[], lines: readonly string[]): boolean {
  return outline.some(
    ({ firstLine, lastLine }) =>
      firstLine < line &&
      line <= lastLine &&
      !/^\s*(?:export\s+)?(?:default\s+)?class\b/.test(lines[firstLine - 1] ?? ''),
  );
}
