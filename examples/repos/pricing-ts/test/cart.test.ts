import { describe, expect, it } from 'vitest';
import { addLine, cartWeight, InvalidCart, lineTotal } from '../src/cart.ts';

const pen = { sku: 'PEN', unitPrice: 250, quantity: 2, weightGrams: 15 };
const book = { sku: 'BOOK', unitPrice: 1890, quantity: 1, weightGrams: 420 };

describe('cart', () => {
  it('appends a new article', () => {
    expect(addLine([pen], book)).toEqual([pen, book]);
  });

  it('merges quantities of the same article', () => {
    expect(addLine([pen, book], { ...pen, quantity: 3 })).toEqual([{ ...pen, quantity: 5 }, book]);
  });

  it('refuses one article at two prices', () => {
    expect(() => addLine([pen], { ...pen, unitPrice: 200 })).toThrow(InvalidCart);
  });

  it('refuses quantities and prices that make no sense', () => {
    expect(() => addLine([], { ...pen, quantity: 0 })).toThrow(/above zero/);
    expect(() => addLine([], { ...pen, quantity: 1.5 })).toThrow(InvalidCart);
    expect(() => addLine([], { ...pen, unitPrice: -1 })).toThrow(/whole cents/);
  });

  it('totals a line with its volume discount', () => {
    expect(lineTotal(pen)).toBe(500);
    expect(lineTotal({ ...pen, quantity: 10 })).toBe(2375);
  });

  it('weighs the cart', () => {
    expect(cartWeight([pen, book])).toBe(450);
    expect(cartWeight([{ sku: 'VOUCHER', unitPrice: 2000, quantity: 1 }])).toBe(0);
  });
});
