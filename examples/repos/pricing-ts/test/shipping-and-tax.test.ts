import { describe, expect, it } from 'vitest';
import { shippingCost } from '../src/shipping.ts';
import { taxOn } from '../src/tax.ts';

describe('shipping', () => {
  it('charges every started kilogram', () => {
    expect(shippingCost(1000, 1000)).toBe(510);
    expect(shippingCost(1000, 1001)).toBe(630);
  });

  it('is free from the threshold on', () => {
    expect(shippingCost(4999, 300)).toBe(510);
    expect(shippingCost(5000, 300)).toBe(0);
  });

  it('is free for goods without weight', () => {
    expect(shippingCost(1000, 0)).toBe(0);
  });
});

describe('tax', () => {
  it('includes shipping at home only', () => {
    expect(taxOn('domestic', 1000, 500)).toBe(285);
    expect(taxOn('union', 1000, 500)).toBe(210);
  });

  it('is nothing on exports', () => {
    expect(taxOn('export', 1000, 500)).toBe(0);
  });
});
