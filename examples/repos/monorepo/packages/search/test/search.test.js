import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseQuery, SearchIndex } from '../src/index.js';

function anIndex() {
  const index = new SearchIndex();
  index.add('green', 'Green tea is brewed for two minutes');
  index.add('milk', 'Black tea with milk, strong tea, hot milk');
  index.add('coffee', 'Coffee with milk');
  return index;
}

const idsFor = (query) =>
  anIndex()
    .search(query)
    .map((hit) => hit.id);

test('parses wanted, excluded and quoted terms', () => {
  assert.deepEqual(parseQuery('teas -milk "green tea"'), {
    wanted: ['tea', 'green', 'tea'],
    excluded: ['milk'],
    phrases: [['green', 'tea']],
  });
});

test('finds documents with all terms', () => {
  assert.deepEqual(idsFor('milk tea'), ['milk']);
});

test('ranks a denser document first', () => {
  assert.deepEqual(idsFor('milk'), ['coffee', 'milk']);
  assert.deepEqual(idsFor('tea'), ['milk', 'green']);
});

test('leaves out excluded terms', () => {
  assert.deepEqual(idsFor('tea -milk'), ['green']);
});

test('finds phrases in order only', () => {
  assert.deepEqual(idsFor('"black tea"'), ['milk']);
  assert.deepEqual(idsFor('"tea black"'), []);
});

test('finds nothing for an empty query', () => {
  assert.deepEqual(idsFor('  the '), []);
});

test('forgets a removed document', () => {
  const index = anIndex();
  assert.equal(index.remove('coffee'), true);
  assert.equal(index.remove('coffee'), false);
  assert.equal(index.size, 2);
  assert.deepEqual(index.search('coffee'), []);
});

test('indexes a document again', () => {
  const index = anIndex();
  index.add('coffee', 'Espresso');
  assert.equal(index.size, 3);
  assert.deepEqual(index.search('coffee'), []);
  assert.equal(index.search('espresso').length, 1);
});
