/** The two values that a failed assertion compared, as printed. */
export interface ComparedValues {
  readonly expected: string;
  readonly actual: string;
}

const forms: readonly { readonly pattern: RegExp; readonly order: 'actual first' | 'expected first' }[] = [
  {
    pattern: /^(?:AssertionError: )?expected (.+) to (?:be|equal|deeply equal|strictly equal) (.+?)(?: \/\/ .*)?$/m,
    order: 'actual first',
  },
  { pattern: /^Expected:\s+(.+)\n\s*Received:\s+(.+)$/m, order: 'expected first' },
  { pattern: /^(?:E?\s+)?assert (.+?) == (.+)$/m, order: 'actual first' },
  { pattern: /^(?:AssertionError: )?(.+?) != (.+?)(?: : .*)?$/m, order: 'actual first' },
  { pattern: /^(.+?) !==? (.+)$/m, order: 'actual first' },
];

/** Reads expected and actual out of a message, for runners that do not tell them apart. */
export function comparedValues(message: string): ComparedValues | undefined {
  for (const { pattern, order } of forms) {
    const [, first, second] = pattern.exec(message.slice(0, 4000)) ?? [];
    if (first === undefined || second === undefined) continue;
    return order === 'actual first' ? { expected: second, actual: first } : { expected: first, actual: second };
  }
  return undefined;
}
