import { dimensions, type Amounts, type Dimension } from '@vltair/protocol';
import type { BudgetState } from './run-state.ts';

/**
 * The arithmetic of the budget of a run, or of a visit. All but `candidates` is spent per execution of a call;
 * `candidates` counts distinct candidates of a search, so that looking at the same ones again after a crash costs none.
 *
 * B1 No call starts unless spent + reserved + requested <= limit in every dimension.
 * B2 Every reservation is settled exactly once: by the record, by the end of its visit, or by its next execution.
 */
export const nothing: Required<Amounts> = { timeMs: 0, calls: 0, candidates: 0, tokens: 0, microUsd: 0 };

export function openBudget(limit: Amounts): BudgetState {
  return { limit, reserved: nothing, spent: nothing };
}

export interface Shortage {
  readonly dimension: Dimension;
  readonly limit: number;
  /** Spent and reserved together. */
  readonly committed: number;
  readonly requested: number;
}

/** The first dimension in which the request does not fit (B1); `undefined` when it fits. `standing` is a reservation that the request replaces. */
export function shortageOf(budget: BudgetState, requested: Amounts, standing: Amounts = {}): Shortage | undefined {
  for (const dimension of dimensions) {
    const limit = budget.limit[dimension];
    if (limit === undefined) continue;
    const freed = dimension === 'candidates' ? (standing.candidates ?? 0) : 0;
    const committed = budget.spent[dimension] + budget.reserved[dimension] - freed;
    const wanted = requested[dimension] ?? 0;
    if (committed + wanted > limit) return { dimension, limit, committed, requested: wanted };
  }
  return undefined;
}

/** What is left in every limited dimension, at least nothing. */
export function remaining({ limit, reserved, spent }: BudgetState): Amounts {
  const left = dimensions.flatMap((dimension) => {
    const bound = limit[dimension];
    return bound === undefined ? [] : [[dimension, Math.max(0, bound - spent[dimension] - reserved[dimension])]];
  });
  return Object.fromEntries(left) as Amounts;
}

/** The smaller bound in every dimension that one of them limits. */
export function narrower(left: Amounts, right: Amounts): Amounts {
  const bounds = dimensions.flatMap((dimension) => {
    const both = [left[dimension], right[dimension]].filter((bound) => bound !== undefined);
    return both.length === 0 ? [] : [[dimension, Math.min(...both)]];
  });
  return Object.fromEntries(bounds) as Amounts;
}

/** Raises the limits that there are. */
export function extend(budget: BudgetState, grant: Amounts): BudgetState {
  const raised = dimensions.flatMap((dimension) => {
    const bound = budget.limit[dimension];
    return bound === undefined ? [] : [[dimension, bound + (grant[dimension] ?? 0)]];
  });
  return { ...budget, limit: Object.fromEntries(raised) as Amounts };
}

export function reserve(budget: BudgetState, amounts: Amounts): BudgetState {
  return { ...budget, reserved: add(budget.reserved, amounts) };
}

/** Ends a reservation with what the call really took. An overrun is spent all the same; it blocks the next call. */
export function settle(budget: BudgetState, reserved: Amounts, spent: Amounts): BudgetState {
  return { ...budget, reserved: subtract(budget.reserved, reserved), spent: add(budget.spent, spent) };
}

/** A call whose fate is unknown runs again: its reservation is spent in full, except for the candidates, which the next execution looks at again. */
export function settleForRepeat(budget: BudgetState, reserved: Amounts): BudgetState {
  return settle(budget, reserved, { ...reserved, candidates: 0 });
}

function add(left: Required<Amounts>, right: Amounts): Required<Amounts> {
  return combine((dimension) => left[dimension] + (right[dimension] ?? 0));
}

function subtract(left: Required<Amounts>, right: Amounts): Required<Amounts> {
  return combine((dimension) => left[dimension] - (right[dimension] ?? 0));
}

function combine(valueOf: (dimension: Dimension) => number): Required<Amounts> {
  return {
    timeMs: valueOf('timeMs'),
    calls: valueOf('calls'),
    candidates: valueOf('candidates'),
    tokens: valueOf('tokens'),
    microUsd: valueOf('microUsd'),
  };
}
