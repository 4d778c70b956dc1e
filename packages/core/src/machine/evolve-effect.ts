import type { Amounts, FactOf } from '@vltair/protocol';
import { failure } from '@vltair/protocol';
import { reserve, settle, settleForRepeat } from './budget.ts';
import { nodeOf, type EffectState, type NodeState, type RunState } from './run-state.ts';

type EffectFact = FactOf<
  | 'effect.intended'
  | 'effect.recorded'
  | 'effect.reused'
  | 'effect.refused'
  | 'effect.parked'
  | 'effect.resolved'
  | 'attempt.diverged'
>;

/** The fold of the ledger and the budget. */
export function evolveEffect(state: RunState, fact: EffectFact): RunState {
  switch (fact.type) {
    case 'effect.intended':
      return intended(state, fact);
    case 'effect.recorded':
      return recorded(state, fact);
    case 'effect.reused':
    case 'effect.refused':
      return state;
    case 'effect.parked':
      return park(state, fact, {});
    case 'attempt.diverged':
      return park(state, fact, { argumentsDigest: fact.actualDigest, outcome: undefined });
    case 'effect.resolved':
      return resolved(state, fact);
  }
}

/** At the end of a visit nothing can ask for its effects any more: what is still reserved counts as spent (B2). */
export function settleVisit(state: RunState, id: string): RunState {
  const node = nodeOf(state, id);
  const open = Object.values(node.effects).filter((effect) => effect.status === 'intended');
  const budget = open.reduce((sum, effect) => settle(sum, effect.reserved, effect.reserved), state.budget);
  return { ...state, budget, nodes: { ...state.nodes, [id]: { ...node, effects: {}, parkedKey: undefined } } };
}

/** The effect of that key in the visit that is going on. */
export function findEffect(
  state: RunState,
  key: string,
): { readonly node: string; readonly effect: EffectState } | undefined {
  for (const [node, { effects }] of Object.entries(state.nodes)) {
    const effect = Object.hasOwn(effects, key) ? effects[key] : undefined;
    if (effect !== undefined) return { node, effect };
  }
  return undefined;
}

function intended(state: RunState, fact: FactOf<'effect.intended'>): RunState {
  const node = nodeOf(state, fact.node);
  const earlier = node.effects[fact.key];
  const settled = earlier?.status === 'intended' ? settleForRepeat(state.budget, earlier.reserved) : state.budget;
  const effect: EffectState = {
    status: 'intended',
    argumentsDigest: fact.argumentsDigest,
    policy: fact.policy,
    execution: fact.execution,
    attempt: fact.attempt,
    incarnation: node.incarnation,
    reserved: fact.reserved,
    notAfter: fact.notAfter,
    outcome: undefined,
  };
  return withEffect({ ...state, budget: reserve(settled, fact.reserved) }, fact.node, fact.key, effect);
}

function recorded(state: RunState, fact: FactOf<'effect.recorded'>): RunState {
  const node = nodeOf(state, fact.node);
  const effect = node.effects[fact.key];
  if (effect?.status === 'intended') {
    if (effect.execution !== fact.execution) return state; // settled when the next execution was intended
    const budget = settle(state.budget, effect.reserved, fact.spent);
    return withEffect({ ...state, budget }, fact.node, fact.key, {
      ...effect,
      status: 'recorded',
      outcome: fact.outcome,
    });
  }
  if (fact.argumentsDigest === undefined || effect !== undefined || node.status !== 'scheduled') return state;
  return withEffect(state, fact.node, fact.key, readEffect(fact, fact.argumentsDigest, node));
}

function readEffect(fact: FactOf<'effect.recorded'>, argumentsDigest: string, node: NodeState): EffectState {
  return {
    status: 'recorded',
    argumentsDigest,
    policy: 'repeatable',
    execution: 1,
    attempt: node.attempt,
    incarnation: node.incarnation,
    reserved: {},
    notAfter: 0,
    outcome: fact.outcome,
  };
}

/**
 * The node waits for a person. An ambiguous effect is charged in full; it is not known to have cost less. One that
 * diverged is from now on the call that was asked for last, so that the person's answer is about that one.
 */
function park(
  state: RunState,
  fact: FactOf<'effect.parked' | 'attempt.diverged'>,
  change: Partial<EffectState>,
): RunState {
  const node = nodeOf(state, fact.node);
  const effect = node.effects[fact.key];
  const current = node.status === 'scheduled' && node.visit === fact.visit && node.attempt === fact.attempt;
  if (effect === undefined || !current) return state;
  const budget = effect.status === 'intended' ? settle(state.budget, effect.reserved, effect.reserved) : state.budget;
  const parked: EffectState = { ...effect, ...change, status: 'parked', reserved: nothingReserved };
  const next = withEffect({ ...state, budget }, fact.node, fact.key, parked);
  return changeStatus(next, fact.node, { status: 'parked', parkedKey: fact.key });
}

function resolved(state: RunState, fact: FactOf<'effect.resolved'>): RunState {
  const found = findEffect(state, fact.key);
  if (found === undefined || nodeOf(state, found.node).parkedKey !== fact.key) return state;
  const { node, effect } = found;
  const answered: EffectState =
    fact.resolution === 'retry'
      ? { ...effect, status: 'cleared' }
      : { ...effect, status: 'failed', outcome: { kind: 'error', failure: failure('fatal/parked') } };
  const incarnation = nodeOf(state, node).incarnation + 1;
  return changeStatus(withEffect(state, node, fact.key, answered), node, {
    status: 'scheduled',
    parkedKey: undefined,
    incarnation,
  });
}

const nothingReserved: Amounts = {};

function withEffect(state: RunState, id: string, key: string, effect: EffectState): RunState {
  const node = nodeOf(state, id);
  return changeStatus(state, id, { effects: { ...node.effects, [key]: effect } });
}

function changeStatus(state: RunState, id: string, change: Partial<NodeState>): RunState {
  return { ...state, nodes: { ...state.nodes, [id]: { ...nodeOf(state, id), ...change } } };
}
