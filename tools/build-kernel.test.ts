import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import loadWabt from 'wabt';

const context = join(import.meta.dirname, '..', 'packages', 'context');

test('the kernel that was built is the one of the source: npm ci builds it anew', async () => {
  const wabt = await loadWabt();
  const source = readFileSync(join(context, 'src', 'kernel', 'scan.wat'), 'utf8');
  const module = wabt.parseWat('scan.wat', source, { simd: true, threads: true });
  const built = readFileSync(join(context, 'build', 'scan.wasm'));
  expect(Buffer.from(module.toBinary({}).buffer).equals(built)).toBe(true);
  module.destroy();
});
