import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** The integers of shim.c's control file. */
const SLOTS = [
  'syncDelayUs',
  'syncErrno',
  'writeErrno',
  'clockShiftNs',
  'delayed',
  'syncsFailed',
  'writesFailed',
  'unused',
];
type Dial = 'syncDelayUs' | 'syncErrno' | 'writeErrno' | 'clockShiftNs';
type Counter = 'delayed' | 'syncsFailed' | 'writesFailed';

/** Errors that a disk gives, as Linux numbers them. */
export const errnos = { EIO: 5, ENOSPC: 28, EROFS: 30 } as const;

/** Faults of the disk and the wall clock below the libc of the processes that were started with its environment. */
export class Shim {
  readonly #library: string;
  readonly #control: string;
  readonly #file: number;

  private constructor(library: string, control: string) {
    this.#library = library;
    this.#control = control;
    writeFileSync(control, new Uint8Array(SLOTS.length * 8), { mode: 0o666 });
    this.#file = openSync(control, 'r+');
  }

  /** Compiles it into a directory; each name there is steered by itself. `undefined`: this machine has no compiler that can. */
  static make(directory: string, name = 'shim'): Shim | undefined {
    const library = join(directory, `${name}.so`);
    const source = join(import.meta.dirname, 'shim.c');
    const words = ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'];
    const { status } = spawnSync('gcc', words, { stdio: ['ignore', 'ignore', 'inherit'] });
    return status === 0 ? new Shim(library, join(directory, `${name}.control`)) : undefined;
  }

  /** For the environment of a process; only files below `path` meet faults. */
  environment(path: string): Readonly<Record<string, string>> {
    return { LD_PRELOAD: this.#library, CHAOS_SHIM: this.#control, CHAOS_SHIM_PATH: path };
  }

  /** Takes effect at once, in all its processes. */
  set(dial: Dial, value: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(Math.round(value)));
    writeSync(this.#file, bytes, 0, 8, SLOTS.indexOf(dial) * 8);
  }

  /** How often it has done something. */
  count(counter: Counter): number {
    const bytes = Buffer.alloc(8);
    readSync(this.#file, bytes, 0, 8, SLOTS.indexOf(counter) * 8);
    return Number(bytes.readBigInt64LE());
  }

  close(): void {
    closeSync(this.#file);
  }
}
