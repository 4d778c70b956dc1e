import { randomBytes } from 'node:crypto';
import type { RunState, RuntimeCommand } from '@vltair/core';
import { makeRunId, makeTraceId, type JsonObject } from '@vltair/protocol';
import { bringToRest } from './bring-to-rest.ts';
import { requireOwnRun } from './own-run.ts';
import { outcomeOf, type RunOutcome } from './run-outcome.ts';
import type { SessionOptions } from './session.ts';

/**
 * Puts commands to a run and brings it to its rest, and after it the runs that wait for its end: the outcome is that of
 * the run itself. Without a command the run only goes on; a run that has ended is given back as it is.
 *
 * @throws VltairError with the reason of a refusal; `invalid_argument/run_imported`; `cancelled/interrupted`.
 */
export async function carryOn(
  session: SessionOptions,
  run: string,
  commands?: (state: RunState) => readonly RuntimeCommand[],
): Promise<RunOutcome> {
  await requireOwnRun(session, run);
  const target = commands === undefined ? { run } : { run, commands };
  const outcome = await bringToRest(session, {
    prepare: () => Promise.resolve(target),
    finish: async (desk, state) => await outcomeOf(desk, state),
  });
  const { parent, status } = outcome.state;
  const hasEnded = status === 'succeeded' || status === 'failed' || status === 'cancelled';
  if (parent !== undefined && hasEnded) await carryOn(session, parent.run);
  return outcome;
}

export interface ForkWish {
  readonly from: string;
  readonly node: string;
  readonly input?: JsonObject;
}

/** Begins a run with what another one had come to before a node, and brings it to its rest. */
export async function forkRun(session: SessionOptions, wish: ForkWish): Promise<RunOutcome> {
  const run = makeRunId(Date.now(), randomBytes(16));
  const traceId = makeTraceId(randomBytes(16));
  return await bringToRest(session, {
    prepare: () => Promise.resolve({ run, begin: { type: 'fork', request: { ...wish, traceId } } }),
    finish: async (desk, state) => await outcomeOf(desk, state),
  });
}
