import { expect, test } from 'vitest';
import { ProvenCommits } from './verify-run.ts';

const commit = { statement: '{}', signature: 'ab', publicKey: 'cd', hashes: ['h1', 'h2', 'h3'] };
const point = { commit: 1, previous: '', head: 'h', firstPosition: 1, lastPosition: 3 };

test('a commit is known again by all that was signed, with the hashes that it was proven with', () => {
  const proven = new ProvenCommits();
  proven.add(commit, point);
  expect(proven.find({ ...commit })).toEqual({ point, hashes: commit.hashes });
  expect(proven.find({ statement: '{}', signature: 'ab', publicKey: 'cd' })).toEqual({ point, hashes: commit.hashes });
  expect(proven.find({ ...commit, statement: '{ }' })).toBeUndefined();
  expect(proven.find({ ...commit, signature: 'ab","cd' })).toBeUndefined();
  expect(proven.find({ ...commit, publicKey: 'ce' })).toBeUndefined();
});

test('the oldest is forgotten first', () => {
  const proven = new ProvenCommits();
  for (let number = 1; number <= 513; number += 1) proven.add({ ...commit, statement: String(number) }, point);
  expect(proven.find({ ...commit, statement: '1' })).toBeUndefined();
  expect(proven.find({ ...commit, statement: '2' })?.point).toBe(point);
});
