import { describe, expect, it } from 'vitest';
import { allocate, formatMoney, percentOf, roundHalfUp } from '../src/money.ts';

describe('money', () => {
  it('rounds halves away from zero', () => {
    expect(roundHalfUp(2.5)).toBe(3);
    expect(roundHalfUp(-2.5)).toBe(-3);
    expect(roundHalfUp(2.4)).toBe(2);
  });

  it('takes a percentage in whole cents', () => {
    expect(percentOf(1999, 19)).toBe(380);
    expect(percentOf(50, 1)).toBe(1);
  });

  it('allocates without losing a cent', () => {
    expect(allocate(100, [1, 1, 1])).toEqual([34, 33, 33]);
    expect(allocate(101, [1, 1, 1])).toEqual([34, 34, 33]);
    expect(allocate(500, [3000, 1000])).toEqual([375, 125]);
  });

  it('allocates nothing over weights of zero', () => {
    expect(allocate(100, [0, 0])).toEqual([0, 0]);
  });

  it('formats cents and negative amounts', () => {
    expect(formatMoney(123405, 'EUR')).toBe('1234.05 EUR');
    expect(formatMoney(-5, 'EUR')).toBe('-0.05 EUR');
  });
});
