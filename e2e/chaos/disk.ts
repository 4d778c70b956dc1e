import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

const KIB = 1024;
const TRIES = 20;

/** Where the store lies: a tmpfs of its own where this user may mount one, else a plain directory. */
export class Disk {
  readonly path: string;
  readonly isMounted: boolean;

  /** `size`: of the tmpfs, in MiB. */
  constructor(path: string, size: number) {
    this.path = path;
    mkdirSync(path);
    this.isMounted = process.getuid?.() === 0 && tryMount(path, size);
    chmodSync(path, 0o755);
  }

  /** Leaves so many bytes free; somebody who writes meanwhile may make it more than one try. */
  fill(left: number): void {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const { bavail, bsize } = statfsSync(this.path);
      const length = bavail * bsize - left;
      const words = ['-l', String(length - (length % KIB)), this.#ballast];
      if (length < KIB || spawnSync('fallocate', words, { stdio: 'ignore' }).status === 0) return;
    }
  }

  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  /** `false` while a process has a file of it open for writing: then nothing has changed. */
  setReadOnly(isReadOnly: boolean): boolean {
    return (
      spawnSync('mount', ['-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, this.path], { stdio: 'ignore' }).status === 0
    );
  }

  remove(): void {
    if (this.isMounted) execFileSync('umount', ['-l', this.path]);
    rmSync(this.path, { recursive: true, force: true });
  }

  get #ballast(): string {
    return join(this.path, 'ballast');
  }
}

/** Root without the capability, as in most containers, may not mount. */
function tryMount(path: string, size: number): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}m`, 'tmpfs', path], { stdio: 'ignore' }).status === 0;
}
