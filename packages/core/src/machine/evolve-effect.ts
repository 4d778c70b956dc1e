import { failure, type Amounts, type FactOf } from '@vltair/protocol';
import { reserve, settle, settleForRepeat } from './budget.ts';
import { changeNode } from './change-node.ts';
import { changeApproval, unheld } from './evolve-approval.ts';
import { nodeIn, nodeOf, type BudgetState, type EffectState, type NodeState, type RunState } from './run-state.ts';

type EffectFact = FactOf<
  | 'effect.intended'
  | 'effect.recorded'
  | 'effect.reused'
  | 'effect.refused'
  | 'effect.held'
  | 'effect.denied'
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
    case 'effect.denied':
      return state;
    case 'effect.held':
      return held(state, fact);
    case 'effect.parked':
      return fact.restored === undefined ? park(state, fact, {}) : park(doubt(state, fact, fact.restored), fact, {});
    case 'attempt.diverged':
      return park(state, fact, { argumentsDigest: fact.actualDigest, outcome: undefined });
    case 'effect.resolved':
      return resolved(state, fact);
  }
}

/** At the end of a visit nothing can ask for its effects any more: what is still reserved counts as spent (B2). */
export function settleVisit(state: RunState, path: string): RunState {
  const node = nodeOf(state, path);
  const open = Object.values(node.effects).filter((effect) => effect.status === 'intended');
  const settled = open.reduce(
    (next, { reserved }) => withBudgets(next, path, (budget) => settle(budget, reserved, reserved)),
    state,
  );
  return changeNode(settled, path, (ended) => ({ ...ended, effects: {}, parkedKey: undefined, heldTs: undefined }));
}

/** The same change to the budget of the run and to that of the visit. */
function withBudgets(state: RunState, path: string, change: (budget: BudgetState) => BudgetState): RunState {
  const next = { ...state, budget: change(state.budget) };
  return changeNode(next, path, (node) =>
    node.budget === undefined ? node : { ...node, budget: change(node.budget) },
  );
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
  const next = withBudgets(state, fact.node, (budget) => {
    const settled = earlier?.status === 'intended' ? settleForRepeat(budget, earlier.reserved) : budget;
    return reserve(settled, fact.reserved);
  });
  const used = fact.approval === undefined ? next : changeApproval(next, fact.approval, { status: 'used' });
  return withEffect(used, fact.node, fact.key, effect);
}

function recorded(state: RunState, fact: FactOf<'effect.recorded'>): RunState {
  const node = nodeIn(state, fact.node);
  const effect = node?.effects[fact.key];
  if (node === undefined) return state; // it belonged to a child that is gone
  if (effect?.status === 'intended') {
    if (effect.execution !== fact.execution) return state; // settled when the next execution was intended
    const settled = withBudgets(state, fact.node, (budget) => settle(budget, effect.reserved, fact.spent));
    return withEffect(settled, fact.node, fact.key, { ...effect, status: 'recorded', outcome: fact.outcome });
  }
  if (fact.argumentsDigest === undefined || effect !== undefined || node.status !== 'scheduled') return state;
  return withEffect(state, fact.node, fact.key, readEffect(fact, fact.argumentsDigest, node));
}

/** The attempt is dropped until the answer has come. */
function held(state: RunState, fact: FactOf<'effect.held'>): RunState {
  return changeNode(state, fact.node, (node) => {
    const isCurrent = node.status === 'scheduled' && node.visit === fact.visit && node.attempt === fact.attempt;
    return isCurrent ? { ...node, status: 'held', parkedKey: fact.key, heldTs: state.ts, heldCall: fact } : node;
  });
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
  const node = nodeIn(state, fact.node);
  const effect = node?.effects[fact.key];
  const current = node?.status === 'scheduled' && node.visit === fact.visit && node.attempt === fact.attempt;
  if (effect === undefined || !current) return state;
  const { reserved } = effect;
  const charged =
    effect.status === 'intended'
      ? withBudgets(state, fact.node, (budget) => settle(budget, reserved, reserved))
      : state;
  const parked: EffectState = { ...effect, ...change, status: 'parked', reserved: nothingReserved };
  const next = withEffect(charged, fact.node, fact.key, parked);
  return changeNode(next, fact.node, (open) => ({
    ...open,
    status: 'parked',
    parkedKey: fact.key,
    heldTs: state.ts,
  }));
}

/** The call as it was asked for now, whatever this log knows of earlier ones. */
function doubt(
  state: RunState,
  { node, key, attempt }: FactOf<'effect.parked'>,
  { argumentsDigest }: NonNullable<FactOf<'effect.parked'>['restored']>,
): RunState {
  const asked = nodeIn(state, node);
  if (asked === undefined || asked.effects[key]?.status === 'intended') return state;
  const { incarnation, effects } = asked;
  const call = { argumentsDigest, attempt, incarnation, reserved: nothingReserved, notAfter: 0, outcome: undefined };
  const execution = effects[key]?.execution ?? 0;
  return withEffect(state, node, key, { ...call, status: 'parked', policy: 'once', execution });
}

function resolved(state: RunState, fact: FactOf<'effect.resolved'>): RunState {
  const found = findEffect(state, fact.key);
  if (found === undefined || nodeOf(state, found.node).parkedKey !== fact.key) return state;
  const { node, effect } = found;
  const answered: EffectState =
    fact.resolution === 'retry'
      ? { ...effect, status: 'cleared' }
      : { ...effect, status: 'failed', outcome: { kind: 'error', failure: failure('fatal/parked') } };
  return changeNode(withEffect(state, node, fact.key, answered), node, (parked) => unheld(state, parked));
}

const nothingReserved: Amounts = {};

function withEffect(state: RunState, path: string, key: string, effect: EffectState): RunState {
  return changeNode(state, path, (node) => ({ ...node, effects: { ...node.effects, [key]: effect } }));
}
