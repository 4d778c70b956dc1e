import { canonicalJson, isFact, type EventPayload, type RunEvent } from '@vltair/protocol';
import { step, type FactEvent } from './decide.ts';
import { fold } from './evolve.ts';
import type { RunState } from './run-state.ts';
import { LedgerCheck } from './verify-ledger.ts';

/** A place where today's code decides, or answers a wish to act, otherwise than the log says. */
export interface ReplayDifference {
  readonly seq: number;
  /** The fact that the decision follows from; of an answer of the ledger, which is a fact, its own type. */
  readonly afterFact: string;
  readonly recorded: EventPayload | undefined;
  readonly decided: EventPayload | undefined;
}

/**
 * Verified replay: feeds the recorded facts through today's code and compares every decision, and every answer of the
 * ledger and the budget. Empty means that the code would do the same again. The state folds the recorded events, so that
 * one difference does not hide the next.
 */
export function verifyReplay(events: readonly RunEvent[]): readonly ReplayDifference[] {
  const differences: ReplayDifference[] = [];
  const ledger = new LedgerCheck();
  let state: RunState | undefined;
  for (let index = 0; index < events.length;) {
    const fact = events[index];
    if (fact === undefined || !isFactEvent(fact))
      throw new RangeError(`event ${fact?.seq ?? index} follows from no fact`);
    const after = events.slice(index + 1, endOfStep(events, index + 1));
    differences.push(...ledgerDifferences(ledger, state, fact), ...stepDifferences(state, fact, after));
    state = fold([fact, ...after], state);
    index += 1 + after.length;
  }
  return differences;
}

function endOfStep(events: readonly RunEvent[], from: number): number {
  let end = from;
  for (let event = events[end]; event !== undefined && !isFact(event.payload); event = events[end]) end += 1;
  return end;
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
    recorded: recorded?.payload,
    decided: decided?.payload,
  };
}

function ledgerDifferences(
  ledger: LedgerCheck,
  state: RunState | undefined,
  { payload, seq }: FactEvent,
): readonly ReplayDifference[] {
  const problem = state === undefined ? undefined : ledger.next(state, payload);
  if (problem === undefined) return [];
  return [{ seq, afterFact: payload.type, recorded: payload, decided: problem.expected }];
}

function isFactEvent(event: RunEvent): event is FactEvent {
  return isFact(event.payload);
}
