import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '..', 'peers');
const STAMP = join(FOLDER, 'node_modules', '.installed-from');

/**
 * Installs what bench/peers/package-lock.json pins, unless it is installed already. No package's script runs: all of them
 * bring what they need.
 *
 * @throws Error when npm fails.
 */
export async function installPeers(progress: (sentence: string) => void): Promise<void> {
  const wanted = createHash('sha256')
    .update(readFileSync(join(FOLDER, 'package-lock.json')))
    .digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return;
  progress('installing the peers');
  const npm = spawn('npm', ['ci', '--ignore-scripts', '--loglevel=error'], { cwd: FOLDER, stdio: ['ignore', 2, 2] });
  const [code] = (await once(npm, 'close')) as [number | null];
  if (code !== 0) throw new Error(`npm ci in bench/peers ended with ${String(code)}`);
  writeFileSync(STAMP, wanted);
}
