import { budgetHistory, fold, type BudgetSnapshot, type BudgetState, type EventStore } from '@vltair/core';
import { VltairError } from '@vltair/protocol';

export interface BudgetReport {
  readonly run: string;
  readonly status: string;
  readonly budget: BudgetState;
  /** The last changes, oldest first. */
  readonly history: readonly BudgetSnapshot[];
}

/** The budget of a run, with its last `most` changes. @throws VltairError `not_found/run` */
export async function reportBudget(store: EventStore, run: string, most: number): Promise<BudgetReport> {
  const events = await store.read(run);
  const state = fold(events);
  if (state === undefined) throw new VltairError('not_found/run', { detail: run });
  return { run, status: state.status, budget: state.budget, history: budgetHistory(events, most) };
}
