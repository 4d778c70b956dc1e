import { describe, expect, it } from 'vitest';
import type { Language } from './language.ts';
import { lentScores } from './load-time-lines.ts';
import { outlineSource } from './outline.ts';

function lent(lines: readonly string[], language: Language, ran: Readonly<Record<number, number>>) {
  const source = lines.join('\n');
  const scoreOf = (line: number): number => ran[line] ?? 0;
  return Object.fromEntries(lentScores({ source, language, outline: outlineSource(source, language), scoreOf }));
}

describe('lentScores', () => {
  it('lends a constant the score of the most suspicious line that names it', () => {
    const source = [
      'const LIMIT = 10;',
      'const OTHER = 3;',
      'export const TABLE = {',
      '  a: 1,',
      '};',
      'export function cut(text) {',
      '  const LIMITED = text.length > LIMIT;',
      '  return LIMITED ? TABLE.a + LIMIT : 0;',
      '}',
    ];
    expect(lent(source, 'javascript', { 7: 0.5, 8: 1 })).toEqual({ 1: 0.8, 3: 0.8, 4: 0.8, 5: 0.8 });
  });

  it('lends to attributes of a Python class and not to locals', () => {
    const source = [
      'class Reader:',
      '    width = 70',
      '    def fill(self, text):',
      '        rest = 1',
      '        return self.width + rest',
    ];
    expect(lent(source, 'python', { 5: 0.5 })).toEqual({ 2: 0.4 });
  });

  it('leaves lines that a test ran alone', () => {
    expect(lent(['let count = 0;', 'count += 1;'], 'javascript', { 1: 0.1, 2: 1 })).toEqual({});
  });
});
