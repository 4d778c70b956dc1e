import { expect, test } from 'vitest';
import { systemClock } from './clock.ts';

test('those who ask for what comes soon are called back in order, and let others have their turn', async () => {
  const called: string[] = [];
  const done = Promise.withResolvers<undefined>();
  setImmediate(() => called.push('another'));
  for (let index = 0; index < 100; index += 1) systemClock.soon(() => called.push(String(index)));
  systemClock.soon(() => systemClock.soon(() => done.resolve(undefined)));
  await Promise.resolve().then(() => called.push('what follows at once'));
  setImmediate(() => called.push('one more'));
  await done.promise;
  expect(called.slice(0, 2)).toEqual(['what follows at once', 'another']);
  expect(called.indexOf('one more')).toBeLessThan(called.indexOf('50'));
  const numbers = called.filter((word) => /^\d+$/.test(word));
  expect(numbers).toEqual(Array.from({ length: 100 }, (_, index) => String(index)));
});
