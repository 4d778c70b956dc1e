import { cartWeight, lineTotal, type CartLine } from './cart.ts';
import { couponDiscount, type Coupon } from './discount.ts';
import { allocate, formatMoney, sum, type Cents } from './money.ts';
import { shippingCost } from './shipping.ts';
import { taxOn, type Region } from './tax.ts';

export interface Order {
  readonly lines: readonly CartLine[];
  readonly region: Region;
  readonly coupon?: Coupon;
}

export interface InvoiceLine {
  readonly sku: string;
  readonly amount: Cents;
  readonly couponShare: Cents;
}

export interface Invoice {
  readonly lines: readonly InvoiceLine[];
  readonly subtotal: Cents;
  readonly discount: Cents;
  readonly shipping: Cents;
  readonly tax: Cents;
  readonly total: Cents;
}

/** Tax and free shipping look at what the customer pays for the goods, that is after the coupon. */
export function invoiceFor(order: Order): Invoice {
  const amounts = order.lines.map(lineTotal);
  const subtotal = sum(amounts);
  const discount = couponDiscount(order.coupon, subtotal);
  const goods = subtotal - discount;
  const shipping = shippingCost(goods, cartWeight(order.lines));
  const tax = taxOn(order.region, subtotal, shipping);
  return {
    lines: invoiceLines(order, amounts, discount),
    subtotal,
    discount,
    shipping,
    tax,
    total: goods + shipping + tax,
  };
}

function invoiceLines(order: Order, amounts: readonly Cents[], discount: Cents): InvoiceLine[] {
  const shares = allocate(discount, amounts);
  return order.lines.map((line, index) => ({
    sku: line.sku,
    amount: amounts[index] ?? 0,
    couponShare: shares[index] ?? 0,
  }));
}

export function renderInvoice(invoice: Invoice, currency = 'EUR'): string {
  const rows: Array<[string, Cents]> = invoice.lines.map((line) => [line.sku, line.amount]);
  rows.push(['Subtotal', invoice.subtotal]);
  if (invoice.discount > 0) rows.push(['Discount', -invoice.discount]);
  rows.push(['Shipping', invoice.shipping], ['Tax', invoice.tax], ['Total', invoice.total]);
  return rows.map(([label, amount]) => `${label.padEnd(12)}${formatMoney(amount, currency).padStart(14)}`).join('\n');
}
