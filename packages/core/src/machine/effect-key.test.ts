import fc from 'fast-check';
import { expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { effectKey, type EffectPlace } from './effect-key.ts';

const place = (node: string, visit: number, name: string, occurrence: number): EffectPlace => ({
  node,
  visit,
  name,
  occurrence,
});

test.each([
  [place('a', 1, 'call', 1), 'a#1/call#1'],
  [place('fix-it_2', 12, 'try edits', 345), 'fix-it_2#12/try edits#345'],
  [place('a', 1, 'GET /items?page=1#top', 2), 'a#1/GET /items?page=1#top#2'],
  [place('a', 1, '100 %', 1), 'a#1/100 %#1'],
])('the key of %j is %s, today and in every log', (of, key) => {
  expect(effectKey(of)).toBe(key);
});

const aText = fc.oneof(fc.string(), fc.stringMatching(/^[ab1%#/]{0,6}$/));
const aPlace = fc.record({
  node: aText,
  visit: fc.integer({ min: 1, max: 12 }),
  name: aText,
  occurrence: fc.integer({ min: 1, max: 12 }),
});

/** What a key says, read by its first `/` and its last `#`. */
function placeOf(key: string): EffectPlace {
  const slash = key.indexOf('/');
  const [before, rest] = [key.slice(0, slash), key.slice(slash + 1)];
  const node = before.slice(0, before.indexOf('#')).replaceAll(/%(23|25|2F)/g, decodeURIComponent);
  const [visit, occurrence] = [before, rest].map((text) => Number(text.slice(text.lastIndexOf('#') + 1)));
  return place(node, visit ?? 0, rest.slice(0, rest.lastIndexOf('#')), occurrence ?? 0);
}

test('different places never have the same key: a key tells its place', () => {
  verifies('OC-15');
  fc.assert(
    fc.property(aPlace, (of) => {
      expect(placeOf(effectKey(of))).toEqual(of);
    }),
    { numRuns: 2_000 },
  );
});
