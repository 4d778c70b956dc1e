import type { Amounts, Dimension, EventPayload, RunEvent } from '@vltair/protocol';
import { evolve } from './evolve.ts';
import type { RunState } from './run-state.ts';

/** The budget of a run as it stood after an event. Frozen; its members always come in this order. */
export interface BudgetSnapshot {
  readonly seq: number;
  readonly ts: number;
  readonly what: 'opened' | 'reserved' | 'settled' | 'exceeded' | 'raised' | 'migrated';
  /** The call, or the node, that it is about. */
  readonly of: string | undefined;
  readonly limit: Amounts;
  readonly reserved: Required<Amounts>;
  readonly spent: Required<Amounts>;
  /** What a call that was refused lacked. */
  readonly lacked: Dimension | undefined;
}

/**
 * The last `most` changes of a run's budget, oldest first: a ring, of which the oldest falls out first. Everything in it
 * is read from the log.
 */
export function budgetHistory(events: Iterable<RunEvent>, most: number): readonly BudgetSnapshot[] {
  const ring: BudgetSnapshot[] = [];
  let state: RunState | undefined;
  for (const event of events) {
    const before = state?.budget;
    state = evolve(state, event);
    const what = changeIn(event.payload, before !== state.budget);
    if (what === undefined) continue;
    ring.push(snapshotOf(state, event.payload, what));
    if (ring.length > most) ring.shift();
  }
  return Object.freeze(ring);
}

function changeIn(payload: EventPayload, isChanged: boolean): BudgetSnapshot['what'] | undefined {
  if (payload.type === 'run.created') return 'opened';
  if (payload.type === 'effect.refused') return 'exceeded';
  if (!isChanged) return undefined;
  if (payload.type === 'run.migrated') return 'migrated';
  if (payload.type === 'retry.requested') return payload.grant === undefined ? undefined : 'raised';
  return payload.type === 'effect.intended' || payload.type === 'node.suspended' ? 'reserved' : 'settled';
}

function snapshotOf(
  { budget, seq, ts }: RunState,
  payload: EventPayload,
  what: BudgetSnapshot['what'],
): BudgetSnapshot {
  const of = 'key' in payload ? payload.key : 'node' in payload ? payload.node : undefined;
  const lacked = payload.type === 'effect.refused' ? payload.dimension : undefined;
  const { limit, reserved, spent } = budget;
  const sums = { limit: Object.freeze({ ...limit }), reserved: Object.freeze(reserved), spent: Object.freeze(spent) };
  return Object.freeze({ seq, ts, what, of, ...sums, lacked });
}
