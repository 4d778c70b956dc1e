import { expect, test } from 'vitest';
import { ProvenCommits } from './verify-run.ts';

const commit = { statement: '{}', signature: 'ab', publicKey: 'cd', hashes: ['h1', 'h2', 'h3'] };
const point = { commit: 1, previous: '', head: 'h', firstPosition: 1, lastPosition: 3 };

test('a commit is known again by all that it says, however its parts are cut', () => {
  const proven = new ProvenCommits();
  proven.add(commit, point);
  expect(proven.find({ ...commit })).toBe(point);
  expect(proven.find({ ...commit, hashes: ['h1', 'h2\nh3'] })).toBeUndefined();
  expect(proven.find({ ...commit, publicKey: 'cd\nh1', hashes: ['h2', 'h3'] })).toBeUndefined();
  expect(proven.find({ ...commit, hashes: ['h1', 'h2'] })).toBeUndefined();
});

test('the oldest is forgotten first', () => {
  const proven = new ProvenCommits();
  for (let number = 1; number <= 513; number += 1) proven.add({ ...commit, statement: String(number) }, point);
  expect(proven.find({ ...commit, statement: '1' })).toBeUndefined();
  expect(proven.find({ ...commit, statement: '2' })).toBe(point);
});
