import fc from 'fast-check';
import { expect, test } from 'vitest';
import { snippetOf as snippetOfWords, type Snippet } from './snippet.ts';
import { tokenise } from './tokenise.ts';

const snippetOf = (text: string, query: string): Snippet => snippetOfWords(text, new Set(tokenise(query)));

const source = `import { setTimeout } from 'node:timers/promises';

/** Waits before it tries again. */
export async function retry(work, { attempts }) {
  for (let attempt = 1; ; attempt += 1) {
    await setTimeout(clampBackoff(attempt));
  }
}

${'// nothing of interest\n'.repeat(30)}
/** Doubles the backoff, and clamps it. */
function clampBackoff(attempt) {
  return Math.min(30_000, 100 * 2 ** attempt);
}
`;

function marked(query: string, text = source): string {
  const snippet = snippetOf(text, query);
  return [...snippet.spans]
    .reverse()
    .reduce((all, { from, to }) => `${all.slice(0, from)}[${all.slice(from, to)}]${all.slice(to)}`, snippet.text);
}

test('shows the lines in which the words of the query lie together', () => {
  expect(marked('doubles backoff clamp')).toBe(
    '/** [Doubles] the [backoff], and clamps it. */\nfunction [clamp][Backoff](attempt) {\n  return Math.min(30_000, 100 * 2 ** attempt);\n}',
  );
  expect(snippetOf(source, 'doubles backoff clamp').line).toBe(41);
});

test('begins with the text that has none of them', () => {
  expect(marked('zebra')).toMatch(/^import \{ setTimeout \}/);
  expect(snippetOf('', 'zebra')).toEqual({ text: '', line: 1, spans: [] });
});

test('a line without an end is cut around the word', () => {
  const text = `${'x'.repeat(5_000)} backoff ${'y'.repeat(5_000)}`;
  expect(marked('backoff', text)).toMatch(/^\[backoff\] y{232}$/);
});

test('spans lie in the snippet, and the snippet in the text', () => {
  const texts = fc.array(
    fc.oneof(fc.constantFrom('backoff', 'clampBackoff', '\n', ' ', '😀', '\ud83d'), fc.string({ unit: 'binary' })),
  );
  fc.assert(
    fc.property(texts, (parts) => {
      const text = parts.join('');
      const snippet = snippetOf(text, 'backoff clamp');
      expect(text).toContain(snippet.text);
      for (const { from, to } of snippet.spans) {
        expect(['backoff', 'clamp']).toContain(snippet.text.slice(from, to).normalize('NFKC').toLowerCase());
      }
    }),
  );
});
