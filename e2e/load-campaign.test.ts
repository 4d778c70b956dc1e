import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

// Longer on demand: VLTAIR_LOAD_SECONDS=120 VLTAIR_LOAD_SEED=7, or the script itself.

const SECONDS = process.env['VLTAIR_LOAD_SECONDS'] ?? '6';
const SEED = process.env['VLTAIR_LOAD_SEED'] ?? '1';

test(
  'eight processes on one store, some of them killed: nothing is lost, done twice or left behind',
  () => {
    const script = join(import.meta.dirname, 'load-campaign.ts');
    const words = [script, '--seconds', SECONDS, '--seed', SEED];
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    expect(status, `${stdout}${stderr}`).toBe(0);
    expect(stdout).not.toContain('FAILED');
  },
  Number(SECONDS) * 1_000 + 60_000,
);
