import { expect, test } from 'vitest';
import { comparedValues } from './compared-values.ts';

test.each([
  ['vitest', 'expected -1 to be 3 // Object.is equality', '3', '-1'],
  ['chai', 'AssertionError: expected [ 1 ] to deeply equal [ 2 ]', '[ 2 ]', '[ 1 ]'],
  ['jest', 'expect(received).toBe(expected)\n\nExpected: 3\nReceived: -1', '3', '-1'],
  ['pytest', 'assert -1 == 3\n +  where -1 = add(1, 2)', '3', '-1'],
  ['unittest', '-1 != 3 : sums differ', '3', '-1'],
  ['node:assert', 'Expected values to be strictly equal:\n\n-1 !== 3\n', '3', '-1'],
])('%s tells what it compared', (_runner, message, expected, actual) => {
  expect(comparedValues(message)).toEqual({ expected, actual });
});

test('a message without a comparison gives nothing', () => {
  expect(comparedValues('cannot read properties of undefined')).toBeUndefined();
});
