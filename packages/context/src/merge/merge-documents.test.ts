import { describe, expect, test } from 'vitest';
import { mergeDocuments, type MergeVersion } from './merge-documents.ts';
import { defaultMergePolicies, documentKinds, mergePolicies, mergePolicyOf } from './merge-policy.ts';

const aVersion = (text: string, position = 1, rest: Partial<MergeVersion> = {}): MergeVersion => ({
  kind: 'text',
  text,
  position,
  ...rest,
});
const base = aVersion('a\nb\nc\n', 1);
const ours = aVersion('A\nb\nc\n', 2);
const theirs = aVersion('a\nb\nC\n', 3);

describe('policies', () => {
  test('what people write is merged; what machines measure is replaced or refused', () => {
    expect(documentKinds.map((kind) => `${kind}: ${defaultMergePolicies[kind]}`)).toEqual([
      'code: three_way',
      'text: three_way',
      'test_result: newest',
      'diff_summary: refuse',
      'coverage_hint: newest',
      'analysis: newest',
      'lesson: three_way',
    ]);
  });

  test.each(mergePolicies)('a document may have %s as its own', (mergePolicy) => {
    expect(mergePolicyOf({ kind: 'code', mergePolicy })).toBe(mergePolicy);
    expect(mergePolicyOf({ kind: 'diff_summary' })).toBe('refuse');
  });
});

test('three ways: both changes are in the text', () => {
  expect(mergeDocuments('three_way', base, ours, theirs)).toEqual({
    kind: 'merged',
    text: 'A\nb\nC\n',
    added: 2,
    removed: 2,
  });
});

test('three ways: a conflict says so, with the labels that are given', () => {
  const merged = mergeDocuments('three_way', base, ours, aVersion('x\nb\nc\n'), { theirs: 'agent' });
  expect(merged).toMatchObject({ kind: 'conflicted', conflicts: 1, conflictList: [{ fromLine: 1, theirs: 'x\n' }] });
  expect('text' in merged && merged.text).toContain('>>>>>>> agent\n');
});

test('three ways: a document that both sides have added has an empty base', () => {
  expect(mergeDocuments('three_way', undefined, ours, ours)).toMatchObject({ kind: 'merged', added: 3, removed: 0 });
  expect(mergeDocuments('three_way', undefined, ours, theirs)).toMatchObject({ kind: 'conflicted' });
});

test('three ways: code is judged by its syntax under its path, other kinds are not', () => {
  const merge = (kind: 'code' | 'text', rest: Partial<MergeVersion> = {}) =>
    mergeDocuments(
      'three_way',
      aVersion('a;\n', 1, { kind }),
      aVersion('let b;\na;\n', 2, { kind, ...rest }),
      aVersion('a;\nlet b;\n', 3, { kind }),
    );
  expect(merge('code', { path: 'a.ts' })).toMatchObject({ kind: 'merged', syntax: { flagged: 'clashes' } });
  expect(merge('code')).toMatchObject({ syntax: { kind: 'not_parsed', because: 'other_language' } });
  expect(merge('text', { path: 'a.ts' })).not.toHaveProperty('syntax');
});

test('a side is taken as a whole, with what it changes', () => {
  const taken = (side: MergeVersion) => ({ kind: 'merged', text: side.text, added: 1, removed: 1 });
  expect(mergeDocuments('ours', base, ours, theirs)).toEqual(taken(ours));
  expect(mergeDocuments('theirs', base, ours, theirs)).toEqual(taken(theirs));
  expect(mergeDocuments('newest', base, ours, theirs)).toEqual(taken(theirs));
  expect(mergeDocuments('newest', base, theirs, ours)).toEqual(taken(theirs));
});

test('the newest counts also where it says again what the base says', () => {
  const again = aVersion(base.text, 9);
  expect(mergeDocuments('newest', base, again, theirs)).toMatchObject({ text: base.text, added: 0, removed: 0 });
});

test('of versions of one position it does not matter which side they are on', () => {
  const other = aVersion(theirs.text, ours.position);
  expect(mergeDocuments('newest', base, ours, other)).toEqual(mergeDocuments('newest', base, other, ours));
});

test('a refusal is for two changes that differ', () => {
  expect(mergeDocuments('refuse', base, ours, theirs)).toEqual({ kind: 'refused', because: 'policy' });
  expect(mergeDocuments('refuse', base, ours, aVersion(base.text))).toMatchObject({ kind: 'merged', text: ours.text });
  expect(mergeDocuments('refuse', base, aVersion(base.text), theirs)).toMatchObject({ text: theirs.text });
  expect(mergeDocuments('refuse', base, ours, aVersion(ours.text))).toMatchObject({ text: ours.text });
});

test('documents of different kinds are refused under every policy', () => {
  const lesson = aVersion('a\n', 9, { kind: 'lesson' });
  for (const policy of mergePolicies) {
    const refused = { kind: 'refused', because: 'kinds_differ' };
    expect(mergeDocuments(policy, base, ours, lesson)).toEqual(refused);
    expect(mergeDocuments(policy, lesson, ours, theirs)).toEqual(refused);
  }
});
