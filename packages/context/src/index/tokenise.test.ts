import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tokenise } from './tokenise.ts';

test.each([
  ['the quick Fox', ['the', 'quick', 'fox']],
  ['retryBackoff_ms', ['retrybackoff_ms', 'retry', 'backoff', 'ms']],
  ['HTTPServer', ['httpserver', 'http', 'server']],
  ['getURLFor(x)', ['geturlfor', 'get', 'url', 'for', 'x']],
  ['packages/core/src/run-log.ts', ['packages', 'core', 'src', 'run', 'log', 'ts']],
  ['SHA256sum', ['sha256sum', 'sha', '256', 'sum']],
  ['__init__', ['__init__', 'init']],
  ['Über naïve', ['über', 'naïve']],
  ['nai\u0308ve', ['naïve']],
  ['ＡＢＣ', ['abc']],
  ['日本', ['日本', '日', '本']],
  ['مرحبا हिन्दी', ['مرحبا', 'हिन्दी']],
  ['not if', ['not', 'if']],
  ['', []],
  ['... !?', []],
])('%j is searched by %j', (text, tokens) => {
  expect(tokenise(text)).toEqual(tokens);
});

test('words of any text are not empty, in lower case, and bounded', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      for (const token of tokenise(text)) {
        expect(token).toBe(token.toLowerCase());
        expect(token.length).toBeGreaterThan(0);
        expect(token.length).toBeLessThan(64 * 18 + 1); // one character may stand for eighteen
      }
    }),
  );
});
