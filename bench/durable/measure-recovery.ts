import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { interruptedSchema } from './vltair/interrupted-runs.ts';
import { recoveredSchema } from './vltair/recover-runs.ts';

export interface Recovery {
  /** From opening the store until every run works again. */
  readonly recoveryMs: number;
  /** The same from the start of the process. */
  readonly restartMs: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
}

/** Kills a process with 1,000 runs in flight, and times the next one until all of them work again. */
export async function measureRecovery(directory: string, store: string): Promise<Recovery> {
  const victim = start('interrupted-runs.ts', directory, store, ['--expose-gc']);
  const interrupted = interruptedSchema.parse(await nextMessage(victim));
  const exit = once(victim, 'exit');
  victim.kill('SIGKILL');
  await exit;
  const begun = performance.now();
  const successor = start('recover-runs.ts', directory, store, []);
  const { milliseconds } = recoveredSchema.parse(await nextMessage(successor));
  const restartMs = performance.now() - begun;
  if (successor.exitCode === null) await once(successor, 'exit');
  return { recoveryMs: milliseconds, restartMs, ...interrupted };
}

function start(script: string, directory: string, store: string, execArgv: readonly string[]): ChildProcess {
  const path = join(import.meta.dirname, 'vltair', script);
  return fork(path, [directory, store], { stdio: ['ignore', 2, 2, 'ipc'], execArgv: [...execArgv] });
}

/** @throws Error when the child ends instead. */
async function nextMessage(child: ChildProcess): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  child.once('message', resolve);
  child.once('exit', (code, signal) =>
    reject(new Error(`a child ended without an answer (${String(code ?? signal)})`)),
  );
  return await promise;
}
