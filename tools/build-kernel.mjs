// Compiles the kernel of the dense scan from its text. Runs on whatever Node npm itself uses.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import loadWabt from 'wabt';

const context = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..', 'packages', 'context');
const source = join(context, 'src', 'kernel', 'scan.wat');
const target = join(context, 'build', 'scan.wasm');

const wabt = await loadWabt();
const module = wabt.parseWat(source, readFileSync(source, 'utf8'), { simd: true, threads: true });
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, module.toBinary({}).buffer);
module.destroy();
