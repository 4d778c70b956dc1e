import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonObject } from '../canonical-json.ts';
import { stamp, upcast, withoutVersion, type Upcaster, type Upcasters } from './upcast.ts';

/** `note` became `text`, and then every note had an author. */
const upcasters: Upcasters = {
  'note.written': [
    ({ note = '', ...rest }) => ({ ...rest, text: note }),
    (payload) => ({ ...payload, author: 'unknown' }),
  ],
};
const today = { type: 'note.written', text: 'x', author: 'unknown' };

test.each([
  { type: 'note.written', note: 'x' },
  { type: 'note.written', v: 1, note: 'x' },
  { type: 'note.written', v: 2, text: 'x' },
  { type: 'note.written', v: 3, text: 'x', author: 'unknown' },
])('%j is read in the form of today', (stored) => {
  expect(upcast(upcasters, 'note.written', stored)).toEqual({ ...today, v: 3 });
});

test('what today writes says its version, and a type that never changed says none', () => {
  expect(stamp(upcasters, 'note.written', today)).toEqual({ ...today, v: 3 });
  expect(stamp(upcasters, 'note.read', { type: 'note.read' })).toEqual({ type: 'note.read' });
  expect(upcast(upcasters, 'note.read', { type: 'note.read' })).toEqual({ type: 'note.read' });
});

test('a type that is called like a member of every object has no upcasters', () => {
  expect(upcast(upcasters, 'constructor', { type: 'constructor' })).toEqual({ type: 'constructor' });
});

test('a version to come, and one that is none, is refused', () => {
  expect(() => upcast(upcasters, 'note.written', { v: 4 })).toThrow('version 4, and version 3 is the newest known');
  for (const v of [0, -1, 1.5, '2', null, [2]])
    expect(() => upcast(upcasters, 'note.written', { v })).toThrow('which is none');
});

/** Each writes down that it was there. */
function tracing(count: number): readonly Upcaster[] {
  return Array.from({ length: count }, (_, index) => ({ passed = [], ...payload }: JsonObject) => ({
    ...payload,
    passed: [...(passed as readonly number[]), index + 1],
  }));
}

const members = fc.dictionary(
  fc.string().filter((key) => key !== 'v' && key !== 'passed' && key !== '__proto__'),
  fc.jsonValue(),
);

test('U1: from any version each later upcaster is passed once, in order, and twice is once', () => {
  fc.assert(
    fc.property(fc.nat(6), fc.nat(6), members, (count, before, said) => {
      const version = 1 + Math.min(count, before);
      const registry = { a: tracing(count) };
      const stored = { ...(said as JsonObject), ...(version === 1 ? {} : { v: version }) };
      const once = upcast(registry, 'a', stored);
      const passed = Array.from({ length: count - version + 1 }, (_, index) => version + index);
      expect(withoutVersion(once)).toEqual({ ...said, ...(passed.length === 0 ? {} : { passed }) });
      expect(upcast(registry, 'a', once)).toEqual(once);
      expect(stamp(registry, 'a', withoutVersion(once))).toEqual(once);
    }),
  );
});
