/** What a document of the context engine can be. */
export const documentKinds = [
  'code',
  'text',
  'test_result',
  'diff_summary',
  'coverage_hint',
  'analysis',
  'lesson',
] as const;
export type DocumentKind = (typeof documentKinds)[number];

/**
 * What becomes of a document that two sides have written: `three_way` merges line by line; `ours`, `theirs` and `newest`
 * take one side as a whole, also where only the other one has changed it; `refuse` leaves it to the caller, unless one
 * side has left the document as it was or both have made the same of it.
 */
export const mergePolicies = ['three_way', 'ours', 'theirs', 'newest', 'refuse'] as const;
export type MergePolicy = (typeof mergePolicies)[number];

/**
 * What holds for a document that names no policy of its own. What people and agents write is merged. What a machine has
 * measured is true as a whole or not at all, so that the newer one counts; where two of them speak of different
 * changes, neither does.
 */
export const defaultMergePolicies: Readonly<Record<DocumentKind, MergePolicy>> = {
  code: 'three_way',
  text: 'three_way',
  test_result: 'newest',
  diff_summary: 'refuse',
  coverage_hint: 'newest',
  analysis: 'newest',
  lesson: 'three_way',
};

/** The policy of a document: its own one before that of its kind. */
export function mergePolicyOf(document: {
  readonly kind: DocumentKind;
  readonly mergePolicy?: MergePolicy;
}): MergePolicy {
  return document.mergePolicy ?? defaultMergePolicies[document.kind];
}
