/** A piece of code with one bug and its repair: what the tests hold the candidate grammar to. Not part of the product. */
import type { Language } from '../language.ts';

export interface KnownBug {
  readonly name: string;
  readonly language: Language;
  readonly correct: string;
  /** What the correct text says, once, and what the buggy text says in its place. */
  readonly change: readonly [correct: string, buggy: string];
  /** Another text that repairs as well, in place of the correct one. */
  readonly equal?: string;
  /** What the failing assertion expects, where that matters. */
  readonly expected?: string;
}

/** The buggy source and the first line that differs. */
export function plant(bug: KnownBug): { readonly source: string; readonly line: number } {
  const [right, wrong] = bug.change;
  const at = bug.correct.indexOf(right);
  if (at < 0 || bug.correct.indexOf(right, at + 1) >= 0)
    throw new Error(`${bug.name}: the change must occur exactly once`);
  const source = bug.correct.slice(0, at) + wrong + bug.correct.slice(at + right.length);
  const before = source.split('\n');
  const line = bug.correct.split('\n').findIndex((text, index) => text !== before[index]) + 1;
  return { source, line };
}
