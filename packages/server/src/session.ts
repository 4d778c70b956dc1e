import { degradationLine } from '@vltair/sandbox';
import type { RunObserver, RunState } from '@vltair/core';
import { VltairError } from '@vltair/protocol';
import { openApplication, type Application, type ApplicationOptions } from './application.ts';

/** Who watches a run that this process works on or follows. */
export interface RunWatcher extends RunObserver {
  /** The run is known; called before anything of it is awaited. */
  located(place: RunPlace): void;
  /** Isolation is weaker than it could be: one line that says so. */
  degraded(line: string): void;
}

export interface RunPlace {
  readonly run: string;
  /** Where its store is, for people: the data directory, or the address of the database. */
  readonly store: string;
  /** Why this run, where there was a choice: one sentence. */
  readonly note?: string;
  /** Who works on it, where that is another process. */
  readonly owner?: string;
}

export interface SessionOptions extends ApplicationOptions {
  /** Aborted when the person wants to leave: the run is kept, its processes are ended. */
  readonly signal: AbortSignal;
  readonly watcher: RunWatcher;
}

/**
 * Opens everything, hands it to `work`, and closes it again. When the signal aborts, closing comes first: what is in
 * flight ends, nothing is recorded about it, and the run can be taken up again.
 *
 * @throws VltairError `cancelled/interrupted` after an abort.
 */
export async function inSession<T>(options: SessionOptions, work: (app: Application) => Promise<T>): Promise<T> {
  const { signal, watcher } = options;
  const app = await openApplication(options);
  const observation = app.runtime.observe(watcher);
  const interrupted = Promise.withResolvers<never>();
  const interrupt = (): void => interrupted.reject(new VltairError('cancelled/interrupted'));
  interrupted.promise.catch(() => {}); // whoever works hears of it through the race below; nobody else has to
  signal.addEventListener('abort', interrupt, { once: true });
  if (signal.aborted) interrupt();
  try {
    return await Promise.race([work(app), interrupted.promise]);
  } finally {
    signal.removeEventListener('abort', interrupt);
    observation.stop();
    await app.close();
  }
}

/** Waits until a run has ended or waits for a person, and says meanwhile how it is isolated. */
export async function restOf(app: Application, watcher: RunWatcher, run: string): Promise<RunState> {
  tellIsolation(app, watcher);
  return await app.runtime.rest(run);
}

function tellIsolation(app: Application, watcher: RunWatcher): void {
  app.sandbox.capabilities().then(
    (capabilities) => {
      const line = degradationLine(capabilities);
      if (line !== undefined) watcher.degraded(line);
    },
    (error: unknown) => watcher.degraded(`sandbox: cannot tell how it isolates: ${String(error)}`),
  );
}
