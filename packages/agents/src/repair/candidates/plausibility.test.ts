import { expect, test } from 'vitest';
import type { Edit } from '../apply-edit.ts';
import { generateCandidates } from './generate-candidates.ts';
import { ValueKinds } from './value-kinds.ts';

function editsOf(source: string, line: number): readonly Edit[] {
  const outcome = generateCandidates({ file: 'a.ts', source, language: 'typescript', lines: [line] });
  return outcome.kind === 'candidates' ? outcome.edits : [];
}

function plausibilityOf(edits: readonly Edit[], after: string): number {
  const edit = edits.find((each) => each.after.trim() === after);
  expect(edit, after).toBeDefined();
  return edit?.plausibility ?? Number.NaN;
}

const invoice = `import type { Order } from './order.ts';
import { type Coupon, taxOn } from './tax.ts';
export function total(order: Order, region: string, goods: number, coupon: Coupon): number {
  const subtotal = goods - 1;
  const amount = 2;
  return taxOn(region, subtotal, amount, coupon);
}
`;

test('imported types are no values', () => {
  const texts = editsOf(invoice, 6).map((each) => each.after);
  expect(texts.filter((text) => /\b(?:Order|Coupon)\b/.test(text))).toEqual([]);
});

test('a text is not shifted by one, and a number does not take its place', () => {
  const edits = editsOf(invoice, 6);
  const shifted = plausibilityOf(edits, 'return taxOn(region + 1, subtotal, amount, coupon);');
  expect(shifted).toBeLessThan(plausibilityOf(edits, 'return taxOn(region, subtotal + 1, amount, coupon);'));
  const mixed = plausibilityOf(edits, 'return taxOn(goods, subtotal, amount, coupon);');
  expect(mixed).toBeLessThan(plausibilityOf(edits, 'return taxOn(region, goods, amount, coupon);'));
});

test('an operand that stands on both sides is the first to change', () => {
  const edits = editsOf('export const f = (start: number, end: number) => start - start;\n', 1);
  const changed = plausibilityOf(edits, 'export const f = (start: number, end: number) => start - end;');
  expect(changed).toBeGreaterThan(1);
});

test('a default is founded on a value that can be missing', () => {
  const sure = editsOf('export function f(n: number) {\n  return g(n);\n}\n', 2);
  const unsure = editsOf('export function f(n?: number) {\n  return g(n);\n}\n', 2);
  expect(plausibilityOf(sure, 'return g(n ?? 0);')).toBeLessThan(plausibilityOf(unsure, 'return g(n ?? 0);'));
});

test('uses tell what a name holds; uses that disagree tell nothing', () => {
  const kinds = new ValueKinds('let count = 0; rows.push(count); title.trim(); x = 1; x = "a"; run(); load.later = 1;');
  expect(['count', 'rows', 'title', 'run', 'x', 'absent'].map((name) => kinds.of(name))).toEqual([
    'number',
    'list',
    'text',
    'function',
    undefined,
    undefined,
  ]);
});
