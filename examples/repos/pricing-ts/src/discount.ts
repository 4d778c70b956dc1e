import { percentOf, type Cents } from './money.ts';

export interface Tier {
  readonly minimumQuantity: number;
  readonly percent: number;
}

export type Coupon =
  | { readonly kind: 'percent'; readonly percent: number; readonly minimumSpend?: Cents }
  | { readonly kind: 'fixed'; readonly amount: Cents; readonly minimumSpend?: Cents };

export const standardTiers: readonly Tier[] = [
  { minimumQuantity: 10, percent: 5 },
  { minimumQuantity: 50, percent: 10 },
  { minimumQuantity: 100, percent: 15 },
];

/** The best tier that the quantity reaches; tiers may come in any order. */
export function volumePercent(quantity: number, tiers: readonly Tier[] = standardTiers): number {
  let best = 0;
  for (const tier of tiers) {
    if (quantity >= tier.minimumQuantity && tier.percent > best) best = tier.percent;
  }
  return best;
}

export function couponDiscount(coupon: Coupon | undefined, subtotal: Cents): Cents {
  if (coupon === undefined) return 0;
  if (subtotal < (coupon.minimumSpend ?? 0)) return 0;
  if (coupon.kind === 'percent') return percentOf(subtotal, coupon.percent);
  return Math.min(coupon.amount, subtotal);
}
