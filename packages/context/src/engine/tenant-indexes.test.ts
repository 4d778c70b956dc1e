import { expect, test } from 'vitest';
import { parseSearch } from '../query/search-request.ts';
import type { TenantChange } from './engine-message.ts';
import { TenantIndexes } from './tenant-indexes.ts';

const unrefused = (tenant: string, error: unknown) => expect.fail(`${tenant}: ${String(error)}`);

function put(position: number, id: string, text: string, tenant = 'default'): TenantChange {
  const document = { id, version: 1, scope: { level: 'global' as const }, text, vectors: {} };
  return { tenant, change: { kind: 'put', position, document: { ...document, kind: 'text', metadata: {} } } };
}

async function idsOf(indexes: TenantIndexes, text: string, at?: number): Promise<readonly string[]> {
  const request = parseSearch({ text, ...(at === undefined ? {} : { at }) });
  return (await indexes.search({ tenant: 'default', space: 'none', request }, 1_000)).map(({ docId }) => docId);
}

test('a search that names no position sees everything until now, and what is waited for nothing that comes after', async () => {
  const indexes = new TenantIndexes({});
  indexes.apply(2, [put(1, 'a', 'backoff'), put(2, 'x', 'backoff', 'other')], unrefused);
  expect(await idsOf(indexes, 'backoff')).toEqual(['a']);
  const later = idsOf(indexes, 'backoff', 4);
  indexes.apply(3, [put(3, 'b', 'backoff')], unrefused);
  indexes.apply(
    6,
    [put(5, 'c', 'backoff'), { tenant: 'default', change: { kind: 'end', position: 6, id: 'a' } }],
    unrefused,
  );
  expect(await later).toEqual(['a', 'b']);
  expect(await idsOf(indexes, 'backoff')).toEqual(['b', 'c']);
});

test('a position that does not come is told of, with the one that has come', async () => {
  const indexes = new TenantIndexes({});
  indexes.apply(2, [], unrefused);
  const request = parseSearch({ text: 'a', at: 3 });
  await expect(indexes.search({ tenant: 'default', space: 'none', request }, 5)).rejects.toMatchObject({
    reason: 'unavailable/index_behind',
    message: expect.stringContaining('it has reached position 2 of 3') as string,
  });
});

test('what is closed holds no timer', async () => {
  const indexes = new TenantIndexes({});
  const request = parseSearch({ text: 'a', at: 3 });
  void indexes.search({ tenant: 'default', space: 'none', request }, 60_000);
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  indexes.close();
  expect(timers()).toBe(before - 1);
});
