import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStore, NoteNotFound, NoteService } from '../src/index.js';

async function aService() {
  const store = new MemoryStore();
  let now = 0;
  const service = new NoteService(store, () => (now += 1));
  await service.create('tea', 'Tea', 'Green tea is brewed for two minutes.');
  await service.create('milk', 'Shopping', 'Milk and biscuits');
  return { service, store };
}

test('a new note starts at revision one', async () => {
  const { service } = await aService();
  const note = await service.create('new', 'New', 'Nothing yet');
  assert.deepEqual(note, { id: 'new', title: 'New', body: 'Nothing yet', revision: 1, changedAt: 3 });
});

test('refuses an id twice', async () => {
  const { service } = await aService();
  await assert.rejects(service.create('tea', 'Tea', 'Again'), TypeError);
});

test('an edit counts up the revision and keeps the rest', async () => {
  const { service } = await aService();
  const edited = await service.edit('milk', { body: 'Oat milk', id: 'other' });
  assert.deepEqual(edited, { id: 'milk', title: 'Shopping', body: 'Oat milk', revision: 2, changedAt: 3 });
});

test('an edit of an unknown note is refused', async () => {
  const { service } = await aService();
  await assert.rejects(service.edit('none', { body: '' }), NoteNotFound);
});

test('an edit is found by its new words only', async () => {
  const { service } = await aService();
  await service.edit('milk', { body: 'Oat drink' });
  assert.deepEqual(await service.search('biscuits'), []);
  assert.equal((await service.search('oat'))[0].id, 'milk');
});

test('a removed note is neither stored nor found', async () => {
  const { service, store } = await aService();
  await service.remove('tea');
  assert.equal(await store.has('tea'), false);
  assert.deepEqual(await service.search('tea'), []);
});

test('removing an unknown note is refused', async () => {
  const { service } = await aService();
  await assert.rejects(service.remove('none'), NoteNotFound);
});

test('search shows title and excerpt up to the limit', async () => {
  const { service } = await aService();
  assert.deepEqual(await service.search('tea', 1), [
    { id: 'tea', title: 'Tea', excerpt: 'Green [tea] is brewed for two minutes.' },
  ]);
  assert.deepEqual(await service.search('tea', 0), []);
});

test('opening indexes what the store holds', async () => {
  const { store } = await aService();
  const reopened = await NoteService.open(store);
  assert.equal((await reopened.search('milk')).length, 1);
});
