/** Literals that the failing assertions show: what was expected and what came. */
import { REDACTED, type TestResult } from '@vltair/protocol';
import type { LiteralHints } from './repair-operator.ts';

const number = /(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])/g;
const quoted = /(['"`])((?:(?!\1)[^\\\n]){1,40})\1/g;
const maxHints = 12;

/** The literals of the failing cases, in order of first appearance, expected values before actual ones. */
export function literalHints(result: TestResult): LiteralHints {
  const failing = result.cases.filter((each) => each.status === 'failed');
  const texts = [
    ...failing.map((each) => each.expected ?? ''),
    ...failing.map((each) => each.actual ?? ''),
    ...failing.map((each) => each.message ?? ''),
  ].map((text) => text.slice(0, 4000));
  const whole = texts.filter((text) => /^[\p{L}][\p{L} _-]{0,39}$/u.test(text));
  const numbers = texts.flatMap((text) => [...text.matchAll(number)].map((match) => match[0]));
  const strings = texts.flatMap((text) => [...text.matchAll(quoted)].map((match) => match[2] ?? ''));
  return { numbers: firstOf(numbers), strings: firstOf([...strings, ...whole]) };
}

function firstOf(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].filter((text) => !text.includes(REDACTED)).slice(0, maxHints);
}
