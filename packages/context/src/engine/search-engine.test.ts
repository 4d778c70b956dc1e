import { expect, onTestFinished, test } from 'vitest';
import { parseSearch } from '../query/search-request.ts';
import type { TenantChange } from './engine-message.ts';
import { SearchEngine } from './search-engine.ts';

function anEngine(warnings: string[] = []): SearchEngine {
  const engine = new SearchEngine((warning) => warnings.push(warning));
  onTestFinished(() => engine.close());
  return engine;
}

function put(position: number, id: string, text: string, tenant = 'default'): TenantChange {
  const document = {
    id,
    version: 1,
    scope: { level: 'global' as const },
    text,
    kind: 'code' as const,
    metadata: {},
    vectors: {},
  };
  return { tenant, change: { kind: 'put', position, document } };
}

function searchFor(text: string, more: { readonly at?: number; readonly tenant?: string } = {}) {
  const { at, tenant = 'default' } = more;
  return { tenant, space: 'none', request: parseSearch({ text, ...(at === undefined ? {} : { at }) }) };
}

test('a search sees what was taken in before it, of its own tenant alone', async () => {
  const engine = anEngine();
  engine.apply(2, [put(1, 'a', 'clamp the backoff'), put(2, 'b', 'backoff', 'other')]);
  expect((await engine.search(searchFor('backoff'))).map(({ docId }) => docId)).toEqual(['a']);
  expect((await engine.search(searchFor('backoff', { tenant: 'other' }))).map(({ docId }) => docId)).toEqual(['b']);
  expect(await engine.search(searchFor('backoff', { tenant: 'nobody' }))).toEqual([]);
});

test('a search at a position waits until it has been taken in, and sees nothing that came later', async () => {
  const engine = anEngine();
  engine.apply(1, [put(1, 'a', 'backoff')]);
  const later = engine.search(searchFor('backoff', { at: 3 }));
  engine.apply(2, [put(2, 'b', 'backoff')]);
  engine.apply(5, [put(5, 'c', 'backoff')]);
  expect((await later).map(({ docId }) => docId)).toEqual(['a', 'b']);
  expect((await engine.search(searchFor('backoff'))).map(({ docId }) => docId)).toEqual(['a', 'b', 'c']);
});

test('a position that does not come in time is an error', async () => {
  const engine = anEngine();
  await expect(engine.search(searchFor('backoff', { at: 3 }), 20)).rejects.toMatchObject({
    reason: 'unavailable/index_behind',
    message: expect.stringContaining('it has reached position 0 of 3') as string,
  });
});

test('a search that is refused in the thread is refused with its reason', async () => {
  const engine = anEngine();
  const document = {
    id: 'a',
    version: 1,
    scope: { level: 'global' as const },
    text: 'x',
    kind: 'code' as const,
    metadata: {},
  };
  const vectors = { e: new Float32Array([1, 0]) };
  engine.apply(1, [{ tenant: 'default', change: { kind: 'put', position: 1, document: { ...document, vectors } } }]);
  const request = parseSearch({ vector: [1, 0, 0] });
  await expect(engine.search({ tenant: 'default', space: 'e', request })).rejects.toMatchObject({
    reason: 'invalid_argument/vector',
    message: expect.stringContaining('e has 2 dimensions, not 3') as string,
  });
});

test('a document that cannot be taken in is left out and told of, and the others are found', async () => {
  const warnings: string[] = [];
  const engine = anEngine(warnings);
  const { change } = put(1, 'bad', 'backoff');
  if (change.kind !== 'put') throw new TypeError('a put');
  const document = { ...change.document, vectors: { e: new Float32Array([NaN, 1]) } };
  engine.apply(2, [{ tenant: 'default', change: { ...change, document } }, put(2, 'good', 'backoff')]);
  expect((await engine.search(searchFor('backoff'))).map(({ docId }) => docId)).toEqual(['good']);
  expect(warnings).toEqual([expect.stringContaining('a document of default is not found')]);
  expect(warnings[0]).toContain('the vector has NaN at 0');
});

test('whoever waits when the engine is closed is told so', async () => {
  const engine = new SearchEngine(() => {});
  const waiting = engine.search(searchFor('backoff', { at: 3 }));
  await Promise.all([expect(waiting).rejects.toMatchObject({ reason: 'unavailable/shutting_down' }), engine.close()]);
  await expect(engine.search(searchFor('backoff'))).rejects.toMatchObject({ reason: 'unavailable/shutting_down' });
});
