import type { RunState } from '@vltair/core';
import { VltairError } from '@vltair/protocol';
import type { Application } from './application.ts';
import { readingStore } from './open-store.ts';
import { outcomeOf, type RunOutcome } from './run-outcome.ts';
import { sendCommand, type CommandAnswer } from './send-command.ts';
import { inSession, restOf, type SessionOptions } from './session.ts';

/** What a person says about calls of which nobody knows whether they happened. */
export type ParkedAnswer = 'retry' | 'fail';

/** Takes an unfinished run up and works on it until it rests. A run that has ended is given back as it is. */
export async function resumeRun(
  session: SessionOptions,
  run: string,
  parked: ParkedAnswer | undefined,
  by: string,
): Promise<RunOutcome> {
  return await inSession(session, async (app) => {
    session.watcher.located({ run, dataDirectory: app.dataDirectory });
    const state = await app.runtime.resume(run);
    if (parked !== undefined) await resolveParked(app, state, parked, by);
    return await outcomeOf(app, await restOf(app, session.watcher, run));
  });
}

async function resolveParked(app: Application, state: RunState, resolution: ParkedAnswer, by: string): Promise<void> {
  const keys = state.waitingFor.flatMap(({ kind, key }) => (kind === 'parked_effect' ? [key] : []));
  for (const key of keys) await app.runtime.command(state.run, { type: 'resolve', key, resolution, by });
}

interface Cancellation {
  readonly by: string;
  readonly reason: string;
}

/** How long the owner of a store may take to answer. */
const ANSWER_PATIENCE_MS = 5_000;

/** Ends a run for good: here when nobody works in its store, else through the process that does. */
export async function cancelRun(
  session: SessionOptions,
  run: string,
  cancellation: Cancellation,
): Promise<CommandAnswer> {
  const command = { type: 'cancel', ...cancellation } as const;
  try {
    return await inSession(session, async (app) => {
      await app.runtime.command(run, command);
      await app.runtime.rest(run);
      return { kind: 'accepted' };
    });
  } catch (error) {
    if (!(error instanceof VltairError) || error.reason !== 'unavailable/store_locked') throw error;
    return await readingStore(session, async (store) => await sendCommand(store, run, command, ANSWER_PATIENCE_MS));
  }
}
