import type { Decision, Fact, RunEvent } from '@vltair/protocol';
import { kindOf } from '@vltair/protocol';
import { conclude } from './conclude.ts';
import { evolve } from './evolve.ts';
import type { RunState } from './run-state.ts';

/** A fact with its place in the log. */
export type FactEvent = RunEvent<Fact>;

/**
 * What follows from a fact: every decision, in order, until nothing more follows. Pure: the same state and fact give the
 * same decisions for ever, or behind another number in the manifest's flags.
 *
 * `state` is the one before the fact; `undefined` before `run.created`.
 */
export function decide(state: RunState | undefined, fact: FactEvent): readonly Decision[] {
  return step(state, fact)
    .events.slice(1)
    .map((event) => event.payload)
    .filter(isDecision);
}

/** A fact, the decisions drawn from it as events that follow it, and the state after all of them: one append. */
export function step(
  state: RunState | undefined,
  fact: FactEvent,
): { readonly events: readonly RunEvent[]; readonly state: RunState } {
  const events: RunEvent[] = [fact];
  let next = evolve(state, fact);
  for (let decision = conclude(next); decision !== undefined; decision = conclude(next)) {
    const event: RunEvent = { ...fact, seq: next.seq + 1, kind: 'decision', payload: decision };
    events.push(event);
    next = evolve(next, event);
  }
  return { events, state: next };
}

function isDecision(payload: RunEvent['payload']): payload is Decision {
  return kindOf(payload) === 'decision';
}
