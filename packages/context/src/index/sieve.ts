import { KthLargest } from './kth-largest.ts';
import { spreadOf, type Quantised } from './quantise.ts';

/** What f32 takes from the bound of a row in the kernel. */
const SLACK = 1e-6;

/** Keeps the vectors whose bound reaches the k-th best score that is certain: no other one is among the k best. */
export class Sieve {
  readonly query: Quantised;
  readonly #certain: KthLargest;
  readonly #indexes: number[] = [];
  readonly #bounds: number[] = [];

  constructor(query: Quantised, limit: number) {
    this.query = query;
    this.#certain = new KthLargest(limit);
  }

  /** What `dot * scale * query.scale + error * (1 + query.error)` has to reach. */
  get least(): number {
    return this.#certain.value - this.query.error - SLACK;
  }

  /** Judges a vector by the product of its codes. */
  take(index: number, dot: number, scale: number, error: number): void {
    const product = dot * scale * this.query.scale;
    const spread = spreadOf(error, this.query.error);
    if (product + spread < this.#certain.value) return;
    this.#certain.offer(product - spread);
    this.#indexes.push(index);
    this.#bounds.push(product + spread);
  }

  /** The vectors that are left, in the order in which they came. */
  left(): readonly number[] {
    return this.#indexes.filter((_, each) => (this.#bounds[each] ?? 0) >= this.#certain.value);
  }
}
