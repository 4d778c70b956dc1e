export { addLine, cartWeight, InvalidCart, lineTotal, type CartLine } from './cart.ts';
export { couponDiscount, volumePercent, type Coupon, type Tier } from './discount.ts';
export { invoiceFor, renderInvoice, type Invoice, type Order } from './invoice.ts';
export { allocate, formatMoney, percentOf, type Cents } from './money.ts';
export { shippingCost, type ShippingRates } from './shipping.ts';
export { taxOn, type Region } from './tax.ts';
