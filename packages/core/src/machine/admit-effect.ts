import {
  failure,
  type AmbiguityPolicy,
  type Amounts,
  type AttemptRef,
  type EffectOutcome,
  type Failure,
  type FactOf,
  type GateVerdict,
} from '@vltair/protocol';
import { shortageOf, type Shortage } from './budget.ts';
import { nodeOf, type ApprovalState, type EffectState, type NodeState, type RunState } from './run-state.ts';

/** An agent's wish to act on the world, with everything that the rules look at. */
export interface EffectRequest extends AttemptRef {
  readonly key: string;
  readonly name: string;
  readonly occurrence: number;
  readonly incarnation: number;
  readonly argumentsDigest: string;
  readonly summary: string;
  readonly policy: AmbiguityPolicy;
  readonly reserved: Amounts;
  readonly notAfter: number;
  /** What the gate says of it now; absent where there is none. */
  readonly gate?: GateVerdict;
}

/**
 * The ledger's answer to an effect request. `answered`: it was recorded before and does not run again. `run`: append the
 * fact, then call. `refused`, `denied`, `held`, `parked`, `diverged`: append the fact, do not call. `stale`: the attempt
 * is no longer the current one; nothing is appended.
 */
export type EffectAdmission =
  | { readonly kind: 'answered'; readonly outcome: EffectOutcome; readonly fact: FactOf<'effect.reused'> }
  | { readonly kind: 'run'; readonly fact: FactOf<'effect.intended'> }
  | { readonly kind: 'refused'; readonly fact: FactOf<'effect.refused'> }
  | { readonly kind: 'denied'; readonly fact: FactOf<'effect.denied'> }
  | { readonly kind: 'held'; readonly fact: FactOf<'effect.held'> }
  | { readonly kind: 'parked'; readonly fact: FactOf<'effect.parked'> }
  | { readonly kind: 'diverged'; readonly fact: FactOf<'attempt.diverged'> }
  | { readonly kind: 'stale' };

/**
 * L1 A recorded effect never runs again; a recorded failure may in another attempt, unless a person made it final. L2 An
 * intent of an earlier incarnation without a record runs again only when its policy says so. L3 No call starts unless its
 * reservation fits the budgets of the run and of the visit. L4 The same key with other arguments is parked. L5 No call
 * that the gate denies starts, and none that it asks for without an approval of exactly this call, which it uses up.
 * L6 In a restored run no `once` call starts before a person has said, since the restore, that it may: the original may
 * have gone on after the backup, and have sent this very call.
 */
export function admitEffect(state: RunState, request: EffectRequest): EffectAdmission {
  const node = nodeOf(state, request.node);
  if (!isCurrent(node, request)) return { kind: 'stale' };
  const { key, visit, attempt } = request;
  const place = { key, node: request.node, visit, attempt };
  const effect = node.effects[key];
  if (effect !== undefined && effect.argumentsDigest !== request.argumentsDigest) {
    const digests = { recordedDigest: effect.argumentsDigest, actualDigest: request.argumentsDigest };
    return { kind: 'diverged', fact: { type: 'attempt.diverged', ...place, ...digests } };
  }
  const lasts = effect?.outcome?.kind === 'value' || effect?.status === 'failed' || effect?.attempt === attempt;
  if (effect?.outcome !== undefined && lasts) {
    return { kind: 'answered', outcome: effect.outcome, fact: { type: 'effect.reused', ...place } };
  }
  if (effect?.status === 'intended' && effect.policy === 'once') {
    return { kind: 'parked', fact: { type: 'effect.parked', ...place, summary: request.summary } };
  }
  if (isInDoubt(state, request, effect)) {
    const restored = { argumentsDigest: request.argumentsDigest };
    return { kind: 'parked', fact: { type: 'effect.parked', ...place, summary: request.summary, restored } };
  }
  return passGate(state, request, effect);
}

/** L6. */
function isInDoubt({ restored }: RunState, { policy }: EffectRequest, effect: EffectState | undefined): boolean {
  return restored !== undefined && policy === 'once' && effect?.status !== 'cleared';
}

function isCurrent(node: NodeState, request: EffectRequest): boolean {
  const { visit, attempt, incarnation } = request;
  return (
    node.status === 'scheduled' && node.visit === visit && node.attempt === attempt && node.incarnation === incarnation
  );
}

/** L5. A call that runs again after a crash, as its policy says, is still the one that was approved. */
function passGate(state: RunState, request: EffectRequest, effect: EffectState | undefined): EffectAdmission {
  const { gate, key } = request;
  if (gate === undefined || gate.verdict === 'allow') return admitCall(state, request);
  if (gate.verdict === 'deny') return denied(request, gate, failure('forbidden/policy', { detail: gate.rule }));
  const approval = approvalOf(state, request);
  const isRepeat = effect?.status === 'intended' && approval?.status === 'used';
  if (approval !== undefined && (approval.status === 'granted' || isRepeat) && covers(approval, gate))
    return admitCall(state, request, key);
  const no = approval === undefined ? undefined : refusalIn(approval);
  return no === undefined ? held(request, gate) : denied(request, gate, no);
}

/** The answer about exactly this call, in this visit. */
function approvalOf(state: RunState, { key, argumentsDigest, visit }: EffectRequest): ApprovalState | undefined {
  const approval = state.approvals[key];
  return approval?.digest === argumentsDigest && approval.visit === visit ? approval : undefined;
}

/** A policy that has become stricter since asks again: its approvers must include whoever said yes. */
function covers({ by }: ApprovalState, gate: GateVerdict): boolean {
  return gate.approvers === undefined || (by !== undefined && gate.approvers.includes(by));
}

function refusalIn({ status, by, words }: ApprovalState): Failure | undefined {
  if (status === 'rejected') return failure('forbidden/rejected', { detail: `${by ?? ''}: ${words ?? ''}` });
  return status === 'expired' ? failure('deadline_exceeded/approval') : undefined;
}

function held(
  { key, node, visit, attempt, argumentsDigest, summary }: EffectRequest,
  gate: GateVerdict,
): EffectAdmission {
  return { kind: 'held', fact: { type: 'effect.held', key, node, visit, attempt, argumentsDigest, summary, gate } };
}

function denied(request: EffectRequest, gate: GateVerdict, why: Failure): EffectAdmission {
  const { key, node, visit, attempt, argumentsDigest } = request;
  const place = { key, node, visit, attempt };
  return { kind: 'denied', fact: { type: 'effect.denied', ...place, argumentsDigest, failure: why, gate } };
}

/** L3. */
function admitCall(state: RunState, request: EffectRequest, approval?: string): EffectAdmission {
  const { key, node, visit, attempt, name, occurrence, argumentsDigest, summary, policy, reserved, notAfter } = request;
  const earlier = nodeOf(state, node).effects[key];
  const shortage = shortageFor(state, request, earlier?.status === 'intended' ? earlier.reserved : {});
  if (shortage !== undefined) {
    return { kind: 'refused', fact: { type: 'effect.refused', key, node, visit, attempt, reserved, ...shortage } };
  }
  const execution = (earlier?.execution ?? 0) + 1;
  const call = { name, occurrence, argumentsDigest, summary, policy, execution, reserved, notAfter };
  const gate = request.gate === undefined ? {} : { gate: request.gate };
  const used = approval === undefined ? {} : { approval };
  return { kind: 'run', fact: { type: 'effect.intended', key, node, visit, attempt, ...call, ...gate, ...used } };
}

function shortageFor(
  state: RunState,
  { node, reserved }: EffectRequest,
  standing: Amounts,
): (Shortage & { readonly scope?: 'node' }) | undefined {
  const { budget } = nodeOf(state, node);
  const ofNode = budget === undefined ? undefined : shortageOf(budget, reserved, standing);
  if (ofNode !== undefined) return { ...ofNode, scope: 'node' };
  return shortageOf(state.budget, reserved, standing);
}
