import { volumePercent } from './discount.ts';
import { percentOf, type Cents } from './money.ts';

export interface CartLine {
  readonly sku: string;
  readonly unitPrice: Cents;
  readonly quantity: number;
  readonly weightGrams?: number;
}

export class InvalidCart extends Error {
  override readonly name = 'InvalidCart';
}

export function addLine(lines: readonly CartLine[], added: CartLine): CartLine[] {
  assertLine(added);
  const existing = lines.find((line) => line.sku === added.sku);
  if (existing === undefined) return [...lines, added];
  if (existing.unitPrice !== added.unitPrice) {
    throw new InvalidCart(`${added.sku} is in the cart at another price`);
  }
  const merged = { ...existing, quantity: existing.quantity + added.quantity };
  return lines.map((line) => (line === existing ? merged : line));
}

export function lineTotal(line: CartLine): Cents {
  const gross = line.unitPrice * line.quantity;
  return gross - percentOf(gross, volumePercent(line.quantity));
}

export function cartWeight(lines: readonly CartLine[]): number {
  return lines.reduce((total, line) => total + (line.weightGrams ?? 0) * line.quantity, 0);
}

function assertLine(line: CartLine): void {
  if (!Number.isInteger(line.quantity) || line.quantity < 1) {
    throw new InvalidCart(`quantity of ${line.sku} must be a whole number above zero`);
  }
  if (!Number.isInteger(line.unitPrice) || line.unitPrice < 0) {
    throw new InvalidCart(`price of ${line.sku} must be whole cents`);
  }
}
