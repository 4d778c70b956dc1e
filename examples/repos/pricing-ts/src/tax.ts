import { percentOf, type Cents } from './money.ts';

export type Region = 'domestic' | 'union' | 'export';

export interface TaxRule {
  readonly percent: number;
  readonly taxesShipping: boolean;
}

const rules: Readonly<Record<Region, TaxRule>> = {
  domestic: { percent: 19, taxesShipping: true },
  union: { percent: 21, taxesShipping: false },
  export: { percent: 0, taxesShipping: false },
};

export function taxOn(region: Region, goods: Cents, shipping: Cents): Cents {
  const rule = rules[region];
  const base = rule.taxesShipping ? goods + shipping : goods;
  return percentOf(base, rule.percent);
}
