/**
 * What a sandbox adds to a command: `node bench/sandbox-overhead.ts [pairs] [goalMs]` prints paired medians of /bin/true as JSON.
 *
 * Each pair is a plain start and a sandboxed one right after another, so that a busy machine burdens both alike.
 * `addedTenthMs` is the tenth percentile, what it costs when nothing else wants the processor.
 * Exits with 1 when the strongest tier adds more than the goal.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSandbox, type SandboxRequest, type TierName } from '../packages/sandbox/src/index.ts';

const TIERS: readonly TierName[] = ['bubblewrap', 'namespaces', 'process-group'];
const pairs = Number(process.argv[2] ?? 40);
const goalMs = Number(process.argv[3] ?? 15);

async function milliseconds(action: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await action();
  return performance.now() - begin;
}

function startPlainly(): Promise<unknown> {
  return once(spawn('/bin/true', { stdio: ['ignore', 'pipe', 'pipe'], env: {} }), 'close');
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return Math.round((sorted[Math.floor(sorted.length * share)] ?? Number.NaN) * 100) / 100;
}

const median = (values: readonly number[]): number => quantile(values, 0.5);

async function measure(tier: TierName, workDirectory: string): Promise<Record<string, unknown>> {
  const sandbox = createSandbox({ only: tier });
  const limits = { wallTimeMs: 10_000, memoryBytes: 512 * 1024 ** 2 };
  const request: SandboxRequest = { argv: ['/bin/true'], workDirectory, limits, traceId: 'overhead' };
  const begin = performance.now();
  const { tier: found, mechanisms } = await sandbox.capabilities();
  const first = performance.now() - begin;
  if (found !== tier) return { tier, unavailable: mechanisms.processTree.reason };
  const plain: number[] = [];
  const sandboxed: number[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    plain.push(await milliseconds(startPlainly));
    sandboxed.push(await milliseconds(() => sandbox.run(request)));
  }
  const added = sandboxed.map((value, index) => value - (plain[index] ?? 0));
  return {
    tier,
    plainMs: median(plain),
    sandboxedMs: median(sandboxed),
    addedMs: median(added),
    addedTenthMs: quantile(added, 0.1),
    probeMs: Math.round(first),
  };
}

const workDirectory = mkdtempSync(join(tmpdir(), 'sandbox-overhead-'));
const measured: Record<string, unknown>[] = [];
for (const tier of TIERS) {
  measured.push(await measure(tier, workDirectory));
}
rmSync(workDirectory, { recursive: true });
const user = process.getuid?.() === 0 ? 'root' : 'ordinary user';
process.stdout.write(`${JSON.stringify({ command: '/bin/true', user, pairs, goalMs, measured }, undefined, 2)}\n`);
const strongest = measured.find((entry) => typeof entry['addedMs'] === 'number');
process.exitCode = Number(strongest?.['addedMs'] ?? Infinity) <= goalMs ? 0 : 1;
