import { canonicalJson, isFact, type Decision, type RunEvent } from '@vltair/protocol';
import { shortageOf } from './budget.ts';
import { step, type FactEvent } from './decide.ts';
import { fold } from './evolve.ts';
import type { RunState } from './run-state.ts';

/** A place where today's code decides otherwise than the log says. */
export interface ReplayDifference {
  readonly seq: number;
  readonly afterFact: string;
  readonly recorded: Decision | undefined;
  readonly decided: Decision | undefined;
}

/**
 * Verified replay: feeds the recorded facts through today's code and compares every decision, and every answer of the
 * budget. Empty means that the code would do the same again. The state folds the recorded events, so that one
 * difference does not hide the next.
 */
export function verifyReplay(events: readonly RunEvent[]): readonly ReplayDifference[] {
  const differences: ReplayDifference[] = [];
  let state: RunState | undefined;
  for (let index = 0; index < events.length;) {
    const fact = events[index];
    if (fact === undefined || !isFactEvent(fact))
      throw new RangeError(`event ${fact?.seq ?? index} follows from no fact`);
    const after = events.slice(index + 1, endOfStep(events, index + 1));
    differences.push(...budgetDifferences(state, fact), ...stepDifferences(state, fact, after));
    state = fold([fact, ...after], state);
    index += 1 + after.length;
  }
  return differences;
}

function endOfStep(events: readonly RunEvent[], from: number): number {
  const next = events.findIndex((event, index) => index >= from && isFact(event.payload));
  return next === -1 ? events.length : next;
}

function stepDifferences(
  state: RunState | undefined,
  fact: FactEvent,
  recorded: readonly RunEvent[],
): readonly ReplayDifference[] {
  const decided = step(state, fact).events.slice(1);
  const length = Math.max(decided.length, recorded.length);
  return Array.from({ length }, (_, index) => compare(fact, recorded[index], decided[index], index)).filter(
    (difference) => difference !== undefined,
  );
}

function compare(
  fact: FactEvent,
  recorded: RunEvent | undefined,
  decided: RunEvent | undefined,
  index: number,
): ReplayDifference | undefined {
  if (recorded !== undefined && decided !== undefined) {
    if (canonicalJson(recorded.payload) === canonicalJson(decided.payload)) return undefined;
  }
  return {
    seq: fact.seq + 1 + index,
    afterFact: fact.payload.type,
    recorded: decisionOf(recorded),
    decided: decisionOf(decided),
  };
}

/** The recorded inputs of the budget go through today's rule: what was let through must fit, what was refused must not. */
function budgetDifferences(state: RunState | undefined, fact: FactEvent): readonly ReplayDifference[] {
  const { payload, seq } = fact;
  if (state === undefined || (payload.type !== 'effect.intended' && payload.type !== 'effect.refused')) return [];
  const earlier = state.nodes[payload.node]?.effects[payload.key];
  const standing = earlier?.status === 'intended' ? earlier.reserved : {};
  const fits = shortageOf(state.budget, payload.reserved, standing) === undefined;
  if (fits === (payload.type === 'effect.intended')) return [];
  return [{ seq, afterFact: payload.type, recorded: undefined, decided: undefined }];
}

function decisionOf(event: RunEvent | undefined): Decision | undefined {
  return event === undefined || isFact(event.payload) ? undefined : event.payload;
}

function isFactEvent(event: RunEvent): event is FactEvent {
  return isFact(event.payload);
}
