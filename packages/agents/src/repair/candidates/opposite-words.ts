/** Words that come in pairs and are written one for the other: `left` for `right`, `startIndex` for `endIndex`. */
import { similarity } from './proposal.ts';

const pairs: readonly (readonly [string, string])[] = [
  ['left', 'right'],
  ['start', 'end'],
  ['begin', 'end'],
  ['first', 'last'],
  ['min', 'max'],
  ['low', 'high'],
  ['lower', 'upper'],
  ['width', 'height'],
  ['x', 'y'],
  ['row', 'column'],
  ['row', 'col'],
  ['rows', 'columns'],
  ['rows', 'cols'],
  ['top', 'bottom'],
  ['next', 'previous'],
  ['next', 'prev'],
  ['key', 'value'],
  ['keys', 'values'],
  ['before', 'after'],
  ['source', 'target'],
  ['from', 'to'],
  ['old', 'new'],
  ['in', 'out'],
  ['input', 'output'],
  ['parent', 'child'],
  ['head', 'tail'],
  ['head', 'rest'],
  ['up', 'down'],
  ['add', 'remove'],
  ['open', 'close'],
  ['read', 'write'],
  ['debit', 'credit'],
  ['expected', 'actual'],
  ['request', 'response'],
  ['hour', 'minute'],
  ['hours', 'minutes'],
  ['minutes', 'seconds'],
  ['month', 'day'],
  ['year', 'month'],
];

const opposites: ReadonlyMap<string, readonly string[]> = new Map(
  [...Map.groupBy([...pairs, ...pairs.map(([a, b]) => [b, a] as const)], ([word]) => word)].map(([word, group]) => [
    word,
    group.map(([, other]) => other),
  ]),
);

/** The names that a name becomes when one of its words turns into its opposite. */
export function oppositesOf(name: string): readonly string[] {
  const words = name.split(/(?=[A-Z])|(_)/).filter((word) => word !== undefined);
  return words.flatMap((word, index) =>
    (opposites.get(word.toLowerCase()) ?? []).map((other) => words.with(index, likeCase(other, word)).join('')),
  );
}

/** How likely one name is written for another: letters in common, or one word the opposite of the other; 0 to 1. */
export function kinship(a: string, b: string): number {
  return oppositesOf(a).includes(b) ? 0.9 : similarity(a, b);
}

function likeCase(word: string, model: string): string {
  if (model === model.toLowerCase()) return word;
  if (model === model.toUpperCase() && model.length > 1) return word.toUpperCase();
  return word.charAt(0).toUpperCase() + word.slice(1);
}
