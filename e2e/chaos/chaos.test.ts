import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

// Longer, and with every fault: npm run chaos.
const SEED = process.env['VLTAIR_CHAOS_SEED'] ?? '1';
const FAULTS = 'kill-worker,stop-worker,kill-client,slow-sync,failing-sync,refused-writes,clock-jump';

test('workers are killed and stopped, disks fail and clocks jump under runs at work: nothing is lost, nothing runs twice', () => {
  const words = [
    '--minutes',
    '0.3',
    '--seed',
    SEED,
    '--faults',
    FAULTS,
    '--every',
    '2500',
    '--in-flight',
    '60',
    '--disk',
    '128',
  ];
  const script = join(import.meta.dirname, 'main.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...words], { encoding: 'utf8' });
  expect(status, `${stdout}${stderr}`).toBe(0);
  expect(stdout).toContain('every check held');
}, 300_000);
