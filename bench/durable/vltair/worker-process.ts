import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';

const VLTAIR = join(import.meta.dirname, '..', '..', '..', 'packages', 'cli', 'bin', 'vltair');
const noticeSchema = z.looseObject({ event: z.string().exactOptional() });
/** What a worker says when it is there: alone in its store it works, beside an owner it may have to stand by. */
const IS_THERE: ReadonlySet<string> = new Set(['working', 'standing_by']);

export interface WorkerWish {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly concurrency: number;
}

/** `vltair work` in a process of its own, which is killed and never drained. */
export class WorkerProcess implements AsyncDisposable {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Resolves when it says that it works, or stands by. @throws Error when it ends before. */
  static async start({ directory, environment, concurrency }: WorkerWish): Promise<WorkerProcess> {
    const child = spawn(VLTAIR, ['work', '--json', '--concurrency', String(concurrency)], {
      cwd: directory,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    child.once('error', reject);
    let said = '';
    child.once('close', (code, signal) => reject(new Error(`vltair work ended (${String(code ?? signal)}): ${said}`)));
    createInterface(child.stdout).on('line', (line) => {
      said = line;
      if (IS_THERE.has(noticeSchema.parse(JSON.parse(line)).event ?? '')) resolve(undefined);
    });
    await promise;
    return new WorkerProcess(child);
  }

  /** With SIGKILL, at once: what it was doing is cut. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.kill();
    await exit;
  }
}
