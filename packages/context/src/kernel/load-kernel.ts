import './web-assembly.ts';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PATH = join(import.meta.dirname, '..', '..', 'build', 'scan.wasm');

/** The compiled kernel; `undefined` where this package was not built: the scalar one gives the same answers, more slowly. */
export function loadKernel(): WebAssembly.Module | undefined {
  return existsSync(PATH) ? new WebAssembly.Module(readFileSync(PATH)) : undefined;
}
