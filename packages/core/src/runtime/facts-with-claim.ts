import type { Fact } from '@vltair/protocol';
import { step } from '../machine/decide.ts';
import type { RunState } from '../machine/run-state.ts';

/**
 * The claim of a run, where it is needed, and what comes with it. A command is judged by the state that it was meant for,
 * so that whoever sent it is told what he can understand, and by what the claim leads to: a deadline may have passed
 * meanwhile. `make` throws when it is refused.
 */
export function factsWithClaim(
  state: RunState,
  claim: Fact | undefined,
  at: { readonly epoch: number; readonly ts: number },
  make: (state: RunState) => readonly Fact[],
): readonly Fact[] {
  const ts = Math.max(state.ts, at.ts);
  const facts = make({ ...state, ts });
  if (claim === undefined) return facts;
  const { run, seq } = state;
  return [claim, ...make(step(state, { run, ts, epoch: at.epoch, seq: seq + 1, kind: 'fact', payload: claim }).state)];
}
