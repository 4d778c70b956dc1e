import { describe, expect, it } from 'vitest';
import { couponDiscount, volumePercent } from '../src/discount.ts';

describe('volume discount', () => {
  it('starts at the first tier', () => {
    expect(volumePercent(9)).toBe(0);
    expect(volumePercent(10)).toBe(5);
  });

  it('takes the best tier reached', () => {
    expect(volumePercent(50)).toBe(10);
    expect(volumePercent(250)).toBe(15);
  });

  it('does not depend on the order of the tiers', () => {
    const tiers = [
      { minimumQuantity: 5, percent: 8 },
      { minimumQuantity: 2, percent: 3 },
    ];
    expect(volumePercent(6, tiers)).toBe(8);
  });
});

describe('coupon', () => {
  it('takes a percentage', () => {
    expect(couponDiscount({ kind: 'percent', percent: 10 }, 2590)).toBe(259);
  });

  it('never exceeds the subtotal', () => {
    expect(couponDiscount({ kind: 'fixed', amount: 1000 }, 700)).toBe(700);
    expect(couponDiscount({ kind: 'fixed', amount: 500 }, 700)).toBe(500);
  });

  it('counts from its minimum spend on', () => {
    const coupon = { kind: 'fixed', amount: 500, minimumSpend: 2000 } as const;
    expect(couponDiscount(coupon, 1999)).toBe(0);
    expect(couponDiscount(coupon, 2000)).toBe(500);
  });

  it('is optional', () => {
    expect(couponDiscount(undefined, 2000)).toBe(0);
  });
});
