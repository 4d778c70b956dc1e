/**
 * Names that failing cases mention and passing cases do not: a spectrum that needs no coverage.
 *
 * The text of a case reaches from its line to the next case of the same file (the whole file when the runner gives no line). A
 * name's score is its Ochiai coefficient over those texts, as if mentioning it were running it.
 */
import type { TestCase } from '@vltair/protocol';
import type { Sources } from './import-graph.ts';
import { ochiai } from './ochiai.ts';

const word = /[\p{L}_$][\p{L}\p{N}_$]*/gu;

/** A definition that a mentioned one names in its body gets this share of its score, and so on for two steps. */
const calleeShare = 0.6;
const steps = 2;

/** Scores handed on along the names that bodies mention: a fault often lies in what the tested function calls. */
export function spreadToCallees(
  scores: ReadonlyMap<string, number>,
  mentionedBy: (name: string) => ReadonlySet<string>,
): ReadonlyMap<string, number> {
  const spread = new Map(scores);
  let reached: ReadonlyMap<string, number> = scores;
  for (let step = 0; step < steps; step += 1) {
    const next = new Map<string, number>();
    for (const [name, score] of reached) {
      for (const callee of mentionedBy(name)) {
        const share = score * calleeShare;
        if (share > (spread.get(callee) ?? 0)) next.set(callee, Math.max(share, next.get(callee) ?? 0));
      }
    }
    for (const [name, score] of next) spread.set(name, score);
    reached = next;
  }
  return spread;
}

/** The score of every name of `names` that some failing case mentions. */
export function mentionScores(
  cases: readonly TestCase[],
  sources: Sources,
  names: ReadonlySet<string>,
): ReadonlyMap<string, number> {
  const told = cases
    .filter((each) => each.status !== 'skipped')
    .map((each) => ({
      isFailing: each.status === 'failed',
      names: mentionedNames(caseText(each, cases, sources), names),
    }));
  const failing = told.filter((each) => each.isFailing);
  const passing = told.filter((each) => !each.isFailing);
  const count = (group: typeof told, name: string): number => group.filter((each) => each.names.has(name)).length;
  const mentioned = new Set(failing.flatMap((each) => [...each.names]));
  return new Map(
    [...mentioned].map((name) => {
      const counts = { failed: count(failing, name), failing: failing.length, passed: count(passing, name) };
      return [name, ochiai(counts)] as const;
    }),
  );
}

/** Those of `names` that stand in a text as words. */
export function mentionedNames(text: string, names: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...text.matchAll(word)].map((match) => match[0]).filter((name) => names.has(name)));
}

function caseText(each: TestCase, cases: readonly TestCase[], sources: Sources): string {
  const source = each.file === undefined ? undefined : sources.get(each.file);
  if (source === undefined) return each.title;
  const first = each.line ?? each.stack?.find((frame) => frame.file === each.file)?.line;
  if (first === undefined) return `${each.title}\n${source}`;
  const starts = cases.flatMap((other) => (other.file === each.file && other.line !== undefined ? [other.line] : []));
  const next = Math.min(...starts.filter((line) => line > first), first + 80);
  return `${each.title}\n${source
    .split('\n')
    .slice(first - 1, next - 1)
    .join('\n')}`;
}
