/** Amounts are whole cents; nothing in this library holds fractions of a cent between two steps. */
export type Cents = number;

export function roundHalfUp(amount: number): Cents {
  return Math.sign(amount) * Math.floor(Math.abs(amount) + 0.5);
}

export function percentOf(amount: Cents, percent: number): Cents {
  return roundHalfUp((amount * percent) / 100);
}

export function sum(amounts: readonly Cents[]): Cents {
  return amounts.reduce((total, amount) => total + amount, 0);
}

/** Splits an amount in proportion to weights so that the parts add up exactly; leftover cents go to the first parts. */
export function allocate(amount: Cents, weights: readonly number[]): Cents[] {
  const totalWeight = sum(weights);
  if (totalWeight === 0) return weights.map(() => 0);
  const parts = weights.map((weight) => Math.floor((amount * weight) / totalWeight));
  let leftover = amount - sum(parts);
  return parts.map((part) => {
    if (leftover === 0) return part;
    leftover -= 1;
    return part + 1;
  });
}

export function formatMoney(amount: Cents, currency: string): string {
  const sign = amount < 0 ? '-' : '';
  const absolute = Math.abs(amount);
  const units = Math.floor(absolute / 100);
  const cents = String(absolute % 100).padStart(2, '0');
  return `${sign}${units}.${cents} ${currency}`;
}
