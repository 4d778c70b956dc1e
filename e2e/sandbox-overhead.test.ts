import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { verifies } from './verifies.ts';

const BENCH = join(import.meta.dirname, '..', 'bench', 'sandbox-overhead.ts');

interface Tier {
  readonly tier: string;
  readonly unavailable?: string;
  readonly addedMs?: number;
}

/** The bench with two pairs; how fast they are says nothing here. */
function bench(...goal: readonly string[]) {
  const { status, stdout } = spawnSync(process.execPath, [BENCH, '2', ...goal], { encoding: 'utf8' });
  return { status, report: JSON.parse(stdout) as { readonly goalMs: number; readonly measured: readonly Tier[] } };
}

test('the bench of what the sandbox adds prints every tier as JSON and fails above its goal', () => {
  verifies('AR-5');
  const { status, report } = bench();
  expect(report.goalMs).toBe(15);
  expect(report.measured.map(({ tier }) => tier)).toEqual(['bubblewrap', 'namespaces', 'process-group']);
  const strongest = report.measured.find(({ unavailable }) => unavailable === undefined);
  expect(status).toBe((strongest?.addedMs ?? Infinity) <= 15 ? 0 : 1);
  expect(bench('-1000000').status).toBe(1);
  if (strongest !== undefined) expect(bench('1000000').status).toBe(0);
}, 60_000);
