/** Pages of 64 KiB. The most that 32-bit addresses reach. */
export const MOST_PAGES = 65_536;

/**
 * What scores byte vectors (see scan.wat). Places are byte offsets into the memory. Both kernels give the same integers;
 * the bounds of {@link ScanKernel.reaching} may differ in their last bits, and have slack for that.
 */
export interface ScanKernel {
  readonly kind: 'simd' | 'scalar';
  /** `dots[i]` = row `i` of those from `codes` on, times the query. */
  dotAll(codes: number, stride: number, count: number, query: number, dots: number): void;
  /** `dots[i]` = row `list[i]`, times the query. */
  dotSome(codes: number, stride: number, list: number, count: number, query: number, dots: number): void;
  /** Writes the indexes `i` with `dots[i] * scales[i] * scale + errors[i] * spread >= threshold`, and some behind `count`. */
  reaching(
    dots: number,
    scales: number,
    errors: number,
    count: number,
    scale: number,
    spread: number,
    threshold: number,
    places: number,
  ): number;
}

/** The kernel over a memory: compiled, or where there is no module, in plain JavaScript. */
export function scanKernel(memory: WebAssembly.Memory, module: WebAssembly.Module | undefined): ScanKernel {
  if (module === undefined) return new ScalarKernel(memory);
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const { dotAll, dotSome, reaching } = exports as unknown as Omit<ScanKernel, 'kind'>;
  return { kind: 'simd', dotAll, dotSome, reaching };
}

class ScalarKernel implements ScanKernel {
  readonly kind = 'scalar';
  readonly #memory: WebAssembly.Memory;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
  }

  dotAll(codes: number, stride: number, count: number, query: number, dots: number): void {
    const sums = new Int32Array(this.#memory.buffer, dots, count);
    for (let row = 0; row < count; row += 1) sums[row] = this.#dot(codes + row * stride, stride, query);
  }

  dotSome(codes: number, stride: number, list: number, count: number, query: number, dots: number): void {
    const sums = new Int32Array(this.#memory.buffer, dots, count);
    const rows = new Int32Array(this.#memory.buffer, list, count);
    for (const [index, row] of rows.entries()) sums[index] = this.#dot(codes + row * stride, stride, query);
  }

  reaching(
    dots: number,
    scales: number,
    errors: number,
    count: number,
    scale: number,
    spread: number,
    threshold: number,
    places: number,
  ): number {
    const { buffer } = this.#memory;
    const [dotOf, scaleOf, errorOf] = [
      new Int32Array(buffer, dots, count),
      new Float32Array(buffer, scales, count),
      new Float32Array(buffer, errors, count),
    ];
    const found = new Int32Array(buffer, places, count);
    let next = 0;
    for (let index = 0; index < count; index += 1) {
      const bound = (dotOf[index] ?? 0) * (scaleOf[index] ?? 0) * scale + (errorOf[index] ?? 0) * spread;
      if (bound >= threshold) found[next++] = index;
    }
    return next;
  }

  #dot(row: number, stride: number, query: number): number {
    const { buffer } = this.#memory;
    const [left, right] = [new Int8Array(buffer, row, stride), new Int16Array(buffer, query, stride)];
    let sum = 0;
    for (let index = 0; index < stride; index += 1) sum += (left[index] ?? 0) * (right[index] ?? 0);
    return sum;
  }
}
