import fc from 'fast-check';
import { expect, it } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import { OutputCapture } from './output-capture.ts';

function capture(cap: number, ...chunks: readonly (string | Buffer)[]): string {
  const output = new OutputCapture(cap);
  for (const chunk of chunks) output.write(Buffer.from(chunk));
  return output.text();
}

it('output within the cap is unchanged', () => {
  verifies('V-30');
  expect(capture(5, 'ab', 'cde')).toBe('abcde');
  expect(capture(0)).toBe('');
});

it('output above the cap ends in the marker on a line of its own', () => {
  verifies('AR-2');
  verifies('V-25');
  expect(capture(3, 'ab', 'cd', 'ef')).toBe('abc\n[TRUNCATED at 3 bytes]');
  expect(capture(3, 'ab\ncd')).toBe('ab\n[TRUNCATED at 3 bytes]');
  expect(capture(0, 'x')).toBe('[TRUNCATED at 0 bytes]');
});

it('invalid bytes are replaced and counted as they came', () => {
  verifies('AR-11');
  expect(capture(3, Buffer.from([0x61, 0xff, 0x80, 0x62]))).toBe('a\uFFFD\uFFFD\n[TRUNCATED at 3 bytes]');
});

it('a cut is the longest prefix of whole code points, wherever the chunks end', () => {
  verifies('AR-15');
  verifies('V-30');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), fc.integer({ min: 1, max: 7 }), (text, cap, step) => {
      const bytes = Buffer.from(text);
      fc.pre(bytes.length > cap);
      const chunks = Array.from({ length: Math.ceil(bytes.length / step) }, (_, index) =>
        bytes.subarray(index * step, (index + 1) * step),
      );
      let kept = '';
      for (const point of text) {
        if (Buffer.byteLength(kept + point) > cap) break;
        kept += point;
      }
      const separator = kept === '' || kept.endsWith('\n') ? '' : '\n';
      expect(capture(cap, ...chunks)).toBe(
        `${kept}${separator}[TRUNCATED at ${String(Buffer.byteLength(kept))} bytes]`,
      );
    }),
  );
});

it('what is dropped is counted but takes no memory', () => {
  verifies('V-30');
  const output = new OutputCapture(1024);
  const chunk = Buffer.alloc(2 ** 20, 'x');
  const before = process.memoryUsage().arrayBuffers;
  for (let count = 0; count < 256; count += 1) output.write(chunk);
  expect(output.bytesSeen).toBe(256 * 2 ** 20);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
});
