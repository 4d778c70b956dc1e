// The gate between the catalogue, the claims and the tests.
//   G1 every claimed id and every cited id is in the catalogue;
//   G2 every id is cited by at least as many tests as it has claims;
//   G3 every cited id is claimed;
//   G4 no claim stands twice.
import type { Citation } from './citations.ts';
import type { Claim } from './requirements.ts';

export interface Requirement {
  readonly id: string;
  readonly title: string;
}

/** One sentence per breach, in a fixed order. */
export function breaches(
  catalogue: readonly Requirement[],
  claims: readonly Claim[],
  citations: readonly Citation[],
): string[] {
  const known = new Set(catalogue.map(({ id }) => id));
  const claimed = countBy(claims.map(({ id }) => id));
  const tests = countBy(distinct(citations).map(({ id }) => id));
  const unknown = [...new Set([...claimed.keys(), ...tests.keys()])].filter((id) => !known.has(id));
  const unproven = [...claimed].filter(([id, count]) => (tests.get(id) ?? 0) < count);
  const unclaimed = citations.filter(({ id }) => !claimed.has(id));
  const repeated = [...countBy(claims.map(({ id, behaviour }) => `${id} ${behaviour}`))].filter(
    ([, count]) => count > 1,
  );
  return [
    ...unknown.map((id) => `${id} is not in the catalogue`),
    ...unproven.map(
      ([id, count]) => `${id} has ${String(count)} claims and ${String(tests.get(id) ?? 0)} citing tests`,
    ),
    ...unclaimed.map(({ id, path, line }) => `${path}:${String(line)} cites ${id}, which nobody claims`),
    ...repeated.map(([claim]) => `claimed twice: ${claim}`),
  ];
}

function distinct(citations: readonly Citation[]): Citation[] {
  return [
    ...new Map(
      citations.map((citation) => [`${citation.path} ${String(citation.test)} ${citation.id}`, citation]),
    ).values(),
  ];
}

function countBy(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
