import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, statfsSync } from 'node:fs';

const TRIES = 20;

/** Where the store lies: a tmpfs of its own where this user may mount one, else a plain directory. */
export class Disk {
  readonly path: string;
  readonly isMounted: boolean;
  readonly #size: number;

  /** `size`: of the tmpfs, in MiB. */
  constructor(path: string, size: number) {
    this.path = path;
    this.#size = size;
    mkdirSync(path);
    this.isMounted = process.getuid?.() === 0 && tryMount(path, size);
    chmodSync(path, 0o755);
  }

  /** Shrinks it to what it holds and so many bytes: a full disk that takes no ballast's memory. */
  fill(left: number): void {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const { blocks, bfree, bsize } = statfsSync(this.path);
      if (this.#remount(`size=${(blocks - bfree) * bsize + left}`)) return; // else somebody has written meanwhile
    }
  }

  free(): void {
    this.#remount(`size=${this.#size}m`);
  }

  /** `false` while a process has a file of it open for writing: then nothing has changed. */
  setReadOnly(isReadOnly: boolean): boolean {
    return this.#remount(isReadOnly ? 'ro' : 'rw');
  }

  #remount(option: string): boolean {
    return spawnSync('mount', ['-o', `remount,${option}`, this.path], { stdio: 'ignore' }).status === 0;
  }

  remove(): void {
    if (this.isMounted) execFileSync('umount', ['-l', this.path]);
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Root without the capability, as in most containers, may not mount. */
function tryMount(path: string, size: number): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}m`, 'tmpfs', path], { stdio: 'ignore' }).status === 0;
}
