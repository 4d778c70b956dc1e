import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { applyEdit } from '../apply-edit.ts';
import type { Language } from '../language.ts';
import { generateCandidates } from './generate-candidates.ts';
import { operatorNames, type OperatorName } from './repair-operator.ts';

interface Example {
  readonly language: Language;
  /** The line under suspicion and what the operator makes of it. */
  readonly from: string;
  readonly to: string;
  /** The lines around, `@` for the line itself. */
  readonly around: string;
}

const inFunction = 'function f(items, count, limit) {\n  @\n}\n';
const inAsync = 'async function f(items, count) {\n  @\n}\n';
const inLoop = 'def f(items, total):\n    for item in items:\n        @\n';
const alone = '@\n';
const readiness = 'def f(item, total):\n    @\n\ndef g(item, total):\n    if ready(total) and item:\n        h()\n';

/** One example for each operator, as the guide shows them. */
const examples: Readonly<Record<OperatorName, readonly Example[]>> = {
  comparison: [
    { language: 'javascript', from: 'return count < limit;', to: 'return count <= limit;', around: inFunction },
  ],
  boundary: [
    { language: 'javascript', from: 'return items[count];', to: 'return items[count - 1];', around: inFunction },
    { language: 'python', from: 'total += item[1:]', to: 'total += item[:]', around: inLoop },
  ],
  arithmetic: [{ language: 'python', from: 'total = total / item', to: 'total = total // item', around: inLoop }],
  grouping: [
    {
      language: 'javascript',
      from: 'return count + limit / 2;',
      to: 'return (count + limit) / 2;',
      around: inFunction,
    },
  ],
  logic: [
    { language: 'javascript', from: 'if (count && limit) g();', to: 'if (count || limit) g();', around: inFunction },
  ],
  negation: [
    { language: 'python', from: 'if item: g()', to: 'if not item: g()', around: inLoop },
    { language: 'javascript', from: 'if (items.open) g();', to: 'if (!items.open) g();', around: inFunction },
  ],
  constant: [{ language: 'javascript', from: 'let sum = 1;', to: 'let sum = 0;', around: alone }],
  variable: [{ language: 'javascript', from: 'return g(count);', to: 'return g(limit);', around: inFunction }],
  member: [{ language: 'javascript', from: 'return items.left;', to: 'return items.right;', around: inFunction }],
  'argument-order': [
    { language: 'javascript', from: 'return g(count, limit);', to: 'return g(limit, count);', around: inFunction },
  ],
  'argument-count': [
    { language: 'javascript', from: 'return g(count, limit);', to: 'return g(count);', around: inFunction },
  ],
  method: [
    { language: 'javascript', from: 'items.push(count);', to: 'items.unshift(count);', around: inFunction },
    { language: 'javascript', from: 'items.sort();', to: 'items.sort((a, b) => a - b);', around: inFunction },
    { language: 'python', from: 'items.append(item)', to: 'items.extend(item)', around: inLoop },
  ],
  conversion: [{ language: 'python', from: 'total += item', to: 'total += int(item)', around: inLoop }],
  'sub-expression': [
    { language: 'javascript', from: 'return items.reverse();', to: 'return items;', around: inFunction },
  ],
  'default-value': [
    { language: 'javascript', from: 'return items.name;', to: 'return items?.name;', around: inFunction },
    { language: 'python', from: 'total += items[item]', to: 'total += items.get(item, 0)', around: inLoop },
  ],
  'missing-return': [{ language: 'javascript', from: 'g(count);', to: 'return g(count);', around: inFunction }],
  'missing-await': [
    { language: 'javascript', from: 'const a = g(count);', to: 'const a = await g(count);', around: inAsync },
  ],
  'missing-guard': [
    {
      language: 'javascript',
      from: 'return items.length;',
      to: 'if (!items) return 0; return items.length;',
      around: inFunction,
    },
    {
      language: 'python',
      from: 'total += item.cost',
      to: 'if item is None: continue total += item.cost',
      around: inLoop,
    },
  ],
  'missing-copy': [{ language: 'javascript', from: 'return items;', to: 'return [...items];', around: inFunction }],
  'missing-jump': [{ language: 'python', from: 'if item: break', to: 'if item: continue', around: inLoop }],
  'missing-statement': [
    {
      language: 'javascript',
      from: 'this.count = count;',
      to: 'this.count = count; this.limit = limit;',
      around: inFunction,
    },
  ],
  nesting: [
    {
      language: 'python',
      from: 'return total',
      to: 'return total',
      around: 'def f(items, total):\n    for item in items:\n        total += item\n        @\n',
    },
  ],
  'delete-statement': [{ language: 'javascript', from: 'items.pop();', to: '', around: inFunction }],
  'missing-operand': [
    {
      language: 'javascript',
      from: 'if (count > 0) g();',
      to: 'if (!limit && count > 0) g();',
      around: 'function f(count, limit) {\n  @\n  if (!limit && count) h();\n}\n',
    },
    {
      language: 'javascript',
      from: "if (c === ':') g();",
      to: "if (c === '/' || c === ':') g();",
      around: "function f(c, d) {\n  @\n  return d === '/';\n}\n",
    },
    {
      language: 'python',
      from: 'if total > 3 or item: g()',
      to: 'if total > 3 or not exact and item: g()',
      around: 'def f(item, total, exact):\n    @\n',
    },
    { language: 'python', from: 'return not item', to: 'return ready(total) and not item', around: readiness },
  ],
  'early-exit': [
    {
      language: 'javascript',
      from: 'b %= a;',
      to: 'b %= a; if (!b) return a;',
      around:
        'function f(a, b) {\n  if (!b) return a;\n  while (1) {\n    a %= b;\n    if (!a) return b;\n    @\n  }\n}\n',
    },
    {
      language: 'javascript',
      from: 'return items[0];',
      to: 'if (items.length === 0) { return null; } return items[0];',
      around:
        'function f(items) {\n  @\n}\nfunction g(items) {\n  if (items.length === 0) {\n    return null;\n  }\n  return items[1];\n}\n',
    },
    {
      language: 'javascript',
      from: 'sum += item.cost',
      to: 'if (!item) continue sum += item.cost',
      around: 'function f(items) {\n  let sum = 0\n  for (const item of items) {\n    @\n  }\n  return sum\n}\n',
    },
    {
      language: 'python',
      from: 'return width * 2',
      to: 'if not width: raise ValueError("empty") return width * 2',
      around: 'def f(width):\n    @\n\ndef g(height):\n    if height < 0:\n        raise ValueError("empty")\n',
    },
  ],
  'borrowed-value': [
    {
      language: 'javascript',
      from: 'code = text;',
      to: 'code = text.charCodeAt(index);',
      around:
        'function f(text, index) {\n  let code = text.charCodeAt(index);\n  index += 1;\n  @\n  return code;\n}\n',
    },
    {
      language: 'python',
      from: 'self.last = item',
      to: 'self.last = item.split(",")[0]',
      around:
        'class A:\n    def f(self, item):\n        @\n    def g(self, item):\n        self.last = item.split(",")[0]\n',
    },
  ],
  'lost-call': [
    {
      language: 'javascript',
      from: 'g(items);',
      to: 'g(items.indexOf(count, 1));',
      around: 'function f(items, count) {\n  @\n  return items.indexOf(count, 1);\n}\n',
    },
    {
      language: 'python',
      from: 'total = item',
      to: 'total = scaled(item, 10)',
      around: 'def f(item):\n    @\n    return scaled(item, 10) + 1\n',
    },
    {
      language: 'python',
      from: 'g(item[0])',
      to: 'g(item[0].partition("="))',
      around: 'def f(item, other):\n    @\n    return other.partition("=")\n',
    },
  ],
  'borrowed-statement': [
    {
      language: 'javascript',
      from: 'h(items);',
      to: 'items.unshift(count); h(items);',
      around: 'function f(items, count) {\n  @\n}\nfunction g(items, count) {\n  items.unshift(count);\n}\n',
    },
    {
      language: 'javascript',
      from: 'return names;',
      to: 'names.push(last); return names;',
      around: 'function f(names, last) {\n  @\n}\nfunction g(list, last) {\n  list.push(last);\n}\n',
    },
    {
      language: 'python',
      from: 'g(places)',
      to: 'del places[0] g(places)',
      around: 'def f(places):\n    @\n\ndef h(places):\n    del places[0]\n',
    },
    {
      language: 'javascript',
      from: 'while (at < items.length) {}',
      to: 'while (at < items.length) { at++; }',
      around: 'function f(items) {\n  let at = 0;\n  @\n  for (let i = 0; i < 3; i++) g(i);\n}\n',
    },
  ],
  'loop-order': [
    {
      language: 'javascript',
      from: 'for (let i = 0; i < items.length; i++) g(i);',
      to: 'for (let i = items.length - 1; i >= 0; i--) g(i);',
      around: inFunction,
    },
    {
      language: 'javascript',
      from: 'for (let i = items.length - 1; i >= 0; i--) g(i);',
      to: 'for (let i = 0; i < items.length; i++) g(i);',
      around: inFunction,
    },
    {
      language: 'javascript',
      from: 'for (const item of [...items].reverse()) g(item);',
      to: 'for (const item of items) g(item);',
      around: inFunction,
    },
    {
      language: 'python',
      from: 'for x in range(3, item): g()',
      to: 'for x in range(item - 1, 2, -1): g()',
      around: inLoop,
    },
    { language: 'python', from: 'for x in reversed(list(item)): g()', to: 'for x in item: g()', around: inLoop },
  ],
  pattern: [
    { language: 'javascript', from: 'g(/^a+b/);', to: 'g(/^a*b/);', around: inFunction },
    { language: 'javascript', from: 'g(/a\\s+:/);', to: 'g(/a\\s*:/);', around: inFunction },
    { language: 'javascript', from: 'g(/ab$/);', to: 'g(/^ab$/);', around: inFunction },
    { language: 'javascript', from: 'g(/"a" */);', to: 'g(/"a"\\s*/);', around: inFunction },
    { language: 'javascript', from: 'g(/[0-9a]/);', to: 'g(/[0-9a-z]/);', around: inFunction },
    { language: 'javascript', from: 'g(/a.c/i);', to: 'g(/a\\.c/i);', around: inFunction },
    { language: 'javascript', from: 'g(/a/g);', to: 'g(/a/);', around: inFunction },
    { language: 'python', from: "g(re.compile(r'a\\d{2}'))", to: "g(re.compile(r'a\\w{2}'))", around: inLoop },
    {
      language: 'python',
      from: "g(re.sub(r'a{2,3}', '', item))",
      to: "g(re.sub(r'a{1,3}', '', item))",
      around: inLoop,
    },
    { language: 'python', from: "g(re.search('(.*)x', item))", to: "g(re.search('(.*?)x', item))", around: inLoop },
  ],
  'statement-order': [
    {
      language: 'javascript',
      from: 'release();\n  count++;',
      to: 'count++;\n  release();',
      around: inFunction,
    },
    {
      language: 'javascript',
      from: 'h(items);\n  items.push(1);',
      to: 'items.push(1);\n  h(items);',
      around: inFunction,
    },
  ],
};

const plain = (text: string): string => text.replace(/\s+/g, ' ').trim();
const cases = operatorNames.flatMap((operator) => examples[operator].map((example) => ({ operator, ...example })));

test.each(cases)('$operator makes "$to" of "$from"', ({ operator, language, from, to, around }) => {
  const source = around.replace('@', () => from);
  const line = source.slice(0, source.indexOf(from)).split('\n').length;
  const outcome = generateCandidates({ file: 'a', source, language, lines: [line] });
  const made = outcome.kind === 'candidates' ? outcome.edits.filter((edit) => edit.operator === operator) : [];
  expect(made.map((edit) => plain(applyEdit(source, edit)))).toContain(plain(around.replace('@', () => to)));
});

test('the guide names every operator', () => {
  const guide = readFileSync(new URL('../../../../../docs/repair.md', import.meta.url), 'utf8');
  expect(operatorNames.filter((operator) => !new RegExp(`^\\| \`${operator}\` +\\|`, 'm').test(guide))).toEqual([]);
});
