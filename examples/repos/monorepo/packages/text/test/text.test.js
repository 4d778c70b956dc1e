import assert from 'node:assert/strict';
import { test } from 'node:test';
import { excerpt, stem, tokenize } from '../src/index.js';

const terms = (text) => tokenize(text).map((token) => token.term);

test('splits text into lower-case terms', () => {
  assert.deepEqual(terms('Café, 2 Teapots!'), ['café', '2', 'teapot']);
});

test('leaves out stop words', () => {
  assert.deepEqual(terms('The price of the tea'), ['price', 'tea']);
});

test('says where a token stands', () => {
  assert.deepEqual(tokenize('a green tea')[1], { term: 'tea', start: 8, end: 11 });
});

test('stems plurals and leaves short words alone', () => {
  assert.equal(stem('berries'), 'berry');
  assert.equal(stem('brewing'), 'brew');
  assert.equal(stem('glass'), 'glass');
  assert.equal(stem('gas'), 'gas');
});

test('marks hits in a short text', () => {
  assert.equal(excerpt('Green teas and black tea', 'tea'), 'Green [teas] and black [tea]');
});

test('cuts a long text around the first hit', () => {
  const text =
    'The kettle stands in the kitchen next to the window, where the cups hang above the shelf with the tins.';
  assert.equal(excerpt(text, 'cups', 40), '…window, where the [cups] hang above the…');
});

test('shows the beginning when nothing is found', () => {
  assert.equal(excerpt('one two three four', 'five', 9), 'one two…');
});
