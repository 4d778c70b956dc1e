import { randomBytes } from 'node:crypto';
import { Runtime, systemClock, type EventStore, type Invoker, type RunState } from '@vltair/core';
import { makeRunId, makeTraceId } from '@vltair/protocol';
import { FIVE_STEPS } from './five-steps.ts';

/** More than any load of the bench has under way at a time. */
export const MOST_ATTEMPTS = 16_384;

/** The runtime as the product wires it, without a workspace, which these steps do not touch. */
export function benchRuntime(store: EventStore, invoker: Invoker): Runtime {
  return new Runtime(
    { store, clock: systemClock, invoker, workspace: { apply: () => Promise.reject(new RangeError('no workspace')) } },
    { worker: 'bench', concurrency: MOST_ATTEMPTS, agents: { worker: 'bench' }, onWarning: refuseWarning },
  );
}

/** Begins a run of the five steps; resolves with its id when its first events are durable. */
export async function startRun(runtime: Runtime): Promise<string> {
  const run = makeRunId(Date.now(), randomBytes(16));
  const traceId = makeTraceId(randomBytes(16));
  await runtime.start({ run, workflow: FIVE_STEPS, input: {}, traceId, title: 'five steps' });
  return run;
}

/** @throws RangeError when it ends otherwise than well. */
export async function runToEnd(runtime: Runtime): Promise<RunState> {
  const state = await runtime.rest(await startRun(runtime));
  if (state.status !== 'succeeded') throw new RangeError(`a run ended as ${state.status}: ${state.failure?.message}`);
  return state;
}

function refuseWarning(warning: string): never {
  throw new RangeError(`the runtime warns: ${warning}`);
}
