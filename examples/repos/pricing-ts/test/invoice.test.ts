import { describe, expect, it } from 'vitest';
import { invoiceFor, renderInvoice } from '../src/invoice.ts';

const lamp = { sku: 'LAMP', unitPrice: 3000, quantity: 1, weightGrams: 900 };
const bulb = { sku: 'BULB', unitPrice: 500, quantity: 2, weightGrams: 40 };

describe('invoice', () => {
  it('adds shipping and tax to the goods', () => {
    expect(invoiceFor({ lines: [lamp, bulb], region: 'domestic' })).toMatchObject({
      subtotal: 4000,
      discount: 0,
      shipping: 510,
      tax: 857,
      total: 5367,
    });
  });

  it('taxes what is left after the coupon', () => {
    const coupon = { kind: 'fixed', amount: 1000 } as const;
    const invoice = invoiceFor({ lines: [lamp, bulb], region: 'union', coupon });
    expect(invoice.tax).toBe(630);
    expect(invoice.total).toBe(4140);
  });

  it('decides free shipping after the coupon', () => {
    const order = { lines: [{ ...lamp, quantity: 2 }], region: 'export' } as const;
    expect(invoiceFor(order).shipping).toBe(0);
    expect(invoiceFor({ ...order, coupon: { kind: 'percent', percent: 20 } }).shipping).toBe(630);
  });

  it('shares the coupon among the lines', () => {
    const invoice = invoiceFor({ lines: [lamp, bulb], region: 'export', coupon: { kind: 'fixed', amount: 100 } });
    expect(invoice.lines.map((line) => line.couponShare)).toEqual([75, 25]);
  });

  it('prints a discount only when there is one', () => {
    const order = { lines: [lamp], region: 'export' } as const;
    expect(renderInvoice(invoiceFor(order))).not.toContain('Discount');
    const reduced = invoiceFor({ ...order, coupon: { kind: 'percent', percent: 50 } });
    expect(renderInvoice(reduced).split('\n')).toContain('Discount        -15.00 EUR');
  });
});
