import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pathOfChunk } from './chunk-ids.ts';
import type { SourceChunk } from './source-chunk.ts';
import { splitSource } from './split-source.ts';

/** Small limits, so that small sources show what large ones do. */
const small = { minCharacters: 20, maxCharacters: 160, overlapCharacters: 40 };
const outline = (chunks: readonly SourceChunk[]): readonly string[] =>
  chunks.map(({ id, startLine, endLine }) => `${id.slice(id.indexOf('#') + 1)} ${startLine}-${endLine}`);
const named = (path: string, text: string, limits = small): readonly string[] =>
  outline(splitSource({ path, text, limits }));

describe('a script', () => {
  const text = `import { a } from 'a';
import { b } from 'b';

/** Adds. */
export function add(x: number): number {
  return x + a + b;
} // the end of add

// Holds what it holds.
class Holder {
  #held = 0;

  /** Gives it. */
  get held(): number {
    return this.#held; // a comment that makes it longer
  }

  @memo()
  hold(value: number): void {
    this.#held = value; // another comment that makes it longer
  }
}

const twice = (value: number) => value * 2;
export default twice;
`;

  test('is cut into imports, functions and classes with their comments', () => {
    const chunks = splitSource({ path: 'src/a.ts', text, limits: { ...small, maxCharacters: 400 } });
    expect(outline(chunks)).toEqual(['@1 1-3', 'add 4-8', 'Holder 9-23', 'twice 24-24', 'default 25-25']);
    expect(chunks[1]).toMatchObject({
      id: 'src/a.ts#add',
      symbol: 'add',
      language: 'typescript',
      startLine: 4,
      endLine: 8,
      text: text.slice(text.indexOf('/** Adds'), text.indexOf('// Holds')),
    });
    expect(chunks[0]).not.toHaveProperty('symbol');
  });

  test('has the methods of a class that is too large, with what stands above them', () => {
    const chunks = splitSource({ path: 'a.ts', text, limits: small });
    expect(outline(chunks)).toEqual([
      '@1 1-3',
      'add 4-8',
      'Holder.#held 9-12',
      'Holder.held 13-17',
      'Holder.hold 18-23',
      'twice 24-24',
      'default 25-25',
    ]);
    expect(chunks[4]?.text).toMatch(/^ {2}@memo\(\)\n/);
  });

  test('is cut into windows by lines when a function is too large', () => {
    const body = Array.from({ length: 20 }, (_, index) => `  step(${index}); // ${'.'.repeat(10)}\n`).join('');
    const chunks = splitSource({ path: 'a.js', text: `function long() {\n${body}}\n`, limits: small });
    expect(chunks.length).toBeGreaterThan(2);
    for (const [index, { id, symbol, text: part, startLine }] of chunks.entries()) {
      expect(id).toBe(index === 0 ? 'a.js#long' : `a.js#long@${index + 1}`);
      expect(symbol).toBe('long');
      expect(part.length).toBeLessThanOrEqual(160);
      expect(part).toMatch(/\n$/);
      const before = chunks[index - 1];
      if (before !== undefined) expect(startLine).toBeLessThanOrEqual(before.endLine);
    }
  });

  test.each([
    [
      'a namespace',
      'a.ts',
      'namespace N { export const first = "............"; export const second = "............"; }',
      ['N.first 1-1', 'N.second 1-1'],
    ],
    [
      'an object literal',
      'a.js',
      'const plan = { first() { return 1; }, "second": 22222222222, #x: 1 };'.replace(', #x: 1', ''),
      ['plan.first 1-1', 'plan.second 1-1'],
    ],
    [
      'what is exported',
      'a.cjs',
      'exports.first = 111111111111111111111;\nmodule.exports.second = 2222222222222;',
      ['exports.first 1-1', 'module.exports.second 2-2'],
    ],
    [
      'tests',
      'a.test.ts',
      'describe("a", () => {\n test("one", () => {/*........*/});\n test("two", () => {/*........*/});\n});',
      ['a > one 1-2', 'a > two 3-4'],
    ],
    [
      'a default export',
      'a.ts',
      'export default class { first = "....................";\n second = "..............." }',
      ['default.first 1-1', 'default.second 2-2'],
    ],
    [
      'types',
      'a.ts',
      'type First = "...................";\ninterface Second { third: string; }\nenum Third { Fourth, Fifth, Six }',
      ['First 1-1', 'Second 2-2', 'Third 3-3'],
    ],
    [
      'elements',
      'a.tsx',
      "const First = () => <p>it's ...</p>;\nfunction Second() { return <b />; }",
      ['First 1-1', 'Second 2-2'],
    ],
    [
      'a file that is no module',
      'a.js',
      'with (first) { second; third(); }\nvar third = "...........";',
      ['@1 1-1', 'third 2-2'],
    ],
  ])('names the parts of %s', (_, path, source, expected) => {
    expect(named(path, source, { minCharacters: 20, maxCharacters: 60, overlapCharacters: 0 })).toEqual(expected);
  });

  test('is cut into windows when it does not parse', () => {
    expect(named('a.ts', 'function open() {\n')).toEqual(['@1 1-1']);
  });

  test.each([
    ['brackets', `x=${'['.repeat(200_000)}${']'.repeat(200_000)}`],
    ['signs', `x=${'!'.repeat(400_000)}1`],
    ['arrows', `x=${'a=>'.repeat(100_000)}1`],
    ['sums', `x=${'1+'.repeat(200_000)}1`],
    ['else if', `if(a){}${'else if(a){}'.repeat(50_000)}`],
    ['templates', `x=${'`${'.repeat(50_000)}1${'}`'.repeat(50_000)}`],
    ['functions', `${'function a(){'.repeat(50_000)}${'}'.repeat(50_000)}`],
  ])('whose %s are nested too deep for a parser is cut into windows', (_, source) => {
    const chunks = splitSource({ path: 'a.ts', text: source });
    expect(chunks.length).toBeGreaterThan(100);
    expect(chunks[1]?.id).toBe('a.ts#@2');
  });
});

describe('a Python source', () => {
  const text = `"""What it does."""
import os
LIMIT = 10

# Adds.
@cached
def add(x):
    return x + LIMIT  # the end

class Holder:
    """Holds what it holds, and tells it."""

    def __init__(self):
        self.held = 0  # a comment that makes it longer

    # Gives it.
    async def give(self):
        return self.held  # a comment that makes it longer
`;

  test('is cut into functions and classes with comments and decorators', () => {
    expect(named('a.py', text, { ...small, maxCharacters: 400 })).toEqual([
      '@1 1-1',
      'LIMIT 2-4',
      'add 5-9',
      'Holder 10-18',
    ]);
  });

  test('has the methods of a class that is too large', () => {
    expect(named('a.py', text)).toEqual([
      '@1 1-1',
      'LIMIT 2-4',
      'add 5-9',
      'Holder 10-12',
      'Holder.__init__ 13-15',
      'Holder.give 16-18',
    ]);
  });

  test('is cut into windows when it does not parse', () => {
    expect(named('a.py', 'def f(:\n  print "x"\n')).toEqual(['@1 1-2']);
  });
});

describe('Markdown', () => {
  test('a heading of blanks and odd line ends is read once', () => {
    const blanks = ' '.repeat(100_000);
    expect(named('a.md', `# a${blanks}\u2028${blanks}#\n`)[0]).toMatch(/^a /);
  });

  test('is cut at its headings, and named by those that it stands under', () => {
    const text = `---
# no: heading
---
Something before the first heading.

# Install #
${'On any machine. '.repeat(2)}
## On Linux
\`\`\`sh
# no heading
\`\`\`\`
~~~
# no heading here either
    # nor here
~~~
Use
---
${'It is used so. '.repeat(3)}
- no heading
---
${'It is used so. '.repeat(3)}
`;
    expect(named('a.md', text)).toEqual(['@1 1-5', 'Install 6-7', 'Install > On Linux 8-15', 'Install > Use 16-21']);
  });
});

describe('any other text', () => {
  test('is cut into windows of whole lines that overlap', () => {
    const text = Array.from({ length: 30 }, (_, index) => `line ${String(index).padStart(2, '0')} ......\n`).join('');
    expect(named('a.txt', text).slice(0, 3)).toEqual(['@1 1-10', '@2 9-18', '@3 17-26']);
  });

  test('without lines is cut anywhere but inside a surrogate pair', () => {
    const chunks = splitSource({ path: 'a.txt', text: '😀'.repeat(500), limits: { ...small, maxCharacters: 161 } });
    expect(chunks.length).toBeGreaterThan(5);
    for (const { text } of chunks) expect(text.isWellFormed()).toBe(true);
  });

  test('of nothing but blanks has no chunk, and blanks never are a chunk', () => {
    expect(named('a.txt', '')).toEqual([]);
    expect(named('a.py', ' \n\t\n'.repeat(1000))).toEqual([]);
    const blanks = '\n'.repeat(1000);
    expect(named('a.txt', `${blanks}middle${blanks}`)).toEqual(['@1 1-2000']);
  });

  test('that is small stays whole', () => {
    expect(named('LICENSE', 'free')).toEqual(['@1 1-1']);
  });
});

test('small neighbours are joined under the name of the largest', () => {
  const text = 'const a = 1;\nfunction larger() { return a + 1; }\nconst b = 2;\n';
  expect(named('a.ts', text, { ...small, minCharacters: 40 })).toEqual(['larger 1-3']);
  expect(named('a.ts', text, { ...small, minCharacters: 10 })).toEqual(['a 1-1', 'larger 2-2', 'b 3-3']);
});

test('what is small joins what stands before it when there is no room behind', () => {
  const before = `function before() { return '${'.'.repeat(50)}'; }\n`;
  const behind = `function behind() { return '${'.'.repeat(125)}'; }\n`;
  expect(named('a.ts', `${before}let a;\n${behind}`)).toEqual(['before 1-2', 'behind 3-3']);
});

test('symbols that come twice have ids of their own, and an id leads back to its path', () => {
  const text = 'function twice() { return 1111; }\n';
  const chunks = splitSource({ path: 'odd #1/50%23.js', text: text + text, limits: small });
  expect(chunks.map(({ id }) => id)).toEqual(['odd %231/50%2523.js#twice', 'odd %231/50%2523.js#twice@2']);
  expect(chunks.map(({ id }) => pathOfChunk(id))).toEqual(['odd #1/50%23.js', 'odd #1/50%23.js']);
  const clash = '# A\n....................\n# A@2\n....................\n# A\n....................\n';
  expect(new Set(splitSource({ path: 'a.md', text: clash, limits: small }).map(({ id }) => id)).size).toBe(3);
});

test('a function that is added moves no id of another', () => {
  const one = 'function one() { return 1111; }\n';
  const two = 'function two() { return 2222; }\n';
  expect(named('a.ts', one + two, small)).toEqual(['one 1-1', 'two 2-2']);
  expect(named('a.ts', two + one, small)).toEqual(['two 1-1', 'one 2-2']);
});

test.each([
  { maxCharacters: 0 },
  { maxCharacters: 15 },
  { minCharacters: 2001 },
  { minCharacters: -1 },
  { overlapCharacters: 501 },
  { maxCharacters: Number.NaN },
])('%j are no limits', (limits) => {
  expect(() => splitSource({ path: 'a', text: 'a', limits })).toThrow(RangeError);
});

describe('whatever the source', () => {
  const piece = fc.constantFrom(
    'function f() {',
    '}',
    'class A {',
    ' m() {}',
    'def f():',
    '  pass',
    'class B:',
    '# heading',
    '```',
    '---',
    'import a from "a";',
    '/** doc */',
    '',
    '  ',
    '😀'.repeat(30),
    '\ud800',
    'x'.repeat(300),
    '\ufeff',
    "'",
    '`${',
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 40 }).map((lines) => lines.join('\n')),
    fc.array(piece, { maxLength: 40 }).map((lines) => lines.join('\r\n')),
    fc.string({ unit: 'binary', maxLength: 500 }),
  );
  const path = fc.constantFrom('a.ts', 'a.js', 'a.tsx', 'a.py', 'a.md', 'a.txt');
  const limits = fc.record({
    minCharacters: fc.integer({ min: 0, max: 16 }),
    maxCharacters: fc.integer({ min: 16, max: 200 }),
    overlapCharacters: fc.integer({ min: 0, max: 4 }),
  });

  test('every character lies in a chunk, in order, under an id of its own, the same every time', () => {
    fc.assert(
      fc.property(path, text, limits, (where, source, given) => {
        const chunks = splitSource({ path: where, text: source, limits: given });
        let covered = 0;
        let last = -1;
        for (const chunk of chunks) {
          expect(chunk.start).toBeGreaterThan(last);
          expect(chunk.start).toBeLessThanOrEqual(covered);
          expect(chunk.text).toBe(source.slice(chunk.start, chunk.end));
          expect(chunk.text.trim()).not.toBe('');
          expect(chunk.startLine).toBe(source.slice(0, chunk.start).split('\n').length);
          expect(chunk.endLine).toBe(source.slice(0, chunk.end - 1).split('\n').length);
          covered = Math.max(covered, chunk.end);
          last = chunk.start;
        }
        expect(covered).toBe(source.trim() === '' ? 0 : source.length);
        expect(new Set(chunks.map(({ id }) => id)).size).toBe(chunks.length);
        expect(splitSource({ path: where, text: source, limits: given })).toEqual(chunks);
      }),
      { numRuns: 400 },
    );
  });

  test('a chunk of visible text keeps to the largest size', () => {
    const visible = fc.array(fc.constantFrom('function f() {', '}', 'word word', '# a', 'x'.repeat(90)), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(path, visible, limits, (where, lines, given) => {
        for (const chunk of splitSource({ path: where, text: lines.join('\n'), limits: given })) {
          expect(chunk.text.length).toBeLessThanOrEqual(given.maxCharacters + 2);
        }
      }),
    );
  });
});
