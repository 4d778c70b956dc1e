import './web-assembly.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const PATH = join(import.meta.dirname, '..', '..', 'build', 'scan.wasm');

/** The compiled kernel; `undefined` where this package was not built, or the processor has no SIMD: scans are slower then. */
export function loadKernel(): WebAssembly.Module | undefined {
  try {
    return new WebAssembly.Module(readFileSync(PATH));
  } catch {
    return undefined; // the scalar kernel gives the same answers
  }
}
