import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineIndex } from './line-index.ts';

test('lines are those of a split at line feeds, whatever the text', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '\n', '\r\n', '😀'), maxLength: 40 });
  fc.assert(
    fc.property(text, fc.nat(), (source, seed) => {
      const index = new LineIndex(source);
      const lines = source.split('\n');
      const offset = seed % (source.length + 1);
      expect(index.count).toBe(lines.length);
      expect(index.lineAt(offset)).toBe(source.slice(0, offset).split('\n').length);
      expect(lines.map((_, at) => index.textOf(at + 1))).toEqual(
        lines.map((line, at) => (at < lines.length - 1 ? line.replace(/\r$/, '') : line)),
      );
    }),
  );
});
