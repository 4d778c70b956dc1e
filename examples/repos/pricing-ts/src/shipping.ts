import type { Cents } from './money.ts';

export interface ShippingRates {
  readonly base: Cents;
  readonly perStartedKilogram: Cents;
  readonly freeFrom: Cents;
}

export const domesticRates: ShippingRates = { base: 390, perStartedKilogram: 120, freeFrom: 5000 };

/** Goods that weigh nothing (licences, vouchers) ship for nothing. */
export function shippingCost(goods: Cents, weightGrams: number, rates: ShippingRates = domesticRates): Cents {
  if (weightGrams === 0) return 0;
  if (goods >= rates.freeFrom) return 0;
  const kilograms = Math.ceil(weightGrams / 1000);
  return rates.base + kilograms * rates.perStartedKilogram;
}
