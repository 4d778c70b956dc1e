import type { TestResult } from '@vltair/protocol';
import { expect, test } from 'vitest';
import { literalHints } from './literal-hints.ts';

function aResult(message: string): TestResult {
  const failing = { id: 'a', title: 'a', status: 'failed', message } as const;
  const run = { kind: 'test_result', runner: 'command', outcome: 'failed', exitCode: 1 } as const;
  return { ...run, command: ['a'], durationMs: 0, cases: [failing], flaky: [], log: '' };
}

test('the literals of a message are hints, what stands in place of a secret is none', () => {
  expect(literalHints(aResult(`'<<REDACTED>>' !== 'one', not 25`))).toEqual({ numbers: ['25'], strings: ['one'] });
});
