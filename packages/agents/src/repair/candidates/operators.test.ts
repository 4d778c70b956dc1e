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
