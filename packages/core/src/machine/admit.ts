import type { Amounts, AttemptRef, AmbiguityPolicy, EffectOutcome, ErrorReason, Fact, FactOf } from '@vltair/protocol';
import { shortageOf } from './budget.ts';
import { findEffect } from './evolve-effect.ts';
import { hasEnded, nodeOf, type RunState } from './run-state.ts';

/** A wish from outside that may be refused. */
export type Command =
  | { readonly type: 'cancel'; readonly by: string; readonly reason: string }
  | { readonly type: 'resolve'; readonly key: string; readonly resolution: 'retry' | 'fail'; readonly by: string };

export interface Refusal {
  readonly kind: 'refused';
  readonly reason: ErrorReason;
  readonly detail: string;
}

export interface Admission {
  readonly kind: 'admitted';
  readonly fact: Fact;
}

/** May this wish become a fact in this state? */
export function admit(state: RunState, command: Command, commandId?: string): Admission | Refusal {
  const id = commandId === undefined ? {} : { commandId };
  if (hasEnded(state)) return refusal('invalid_argument/run_ended', `${state.run} ${state.status}`);
  if (command.type === 'cancel') {
    return admitted({ type: 'cancel.requested', by: command.by, reason: command.reason, ...id });
  }
  if (findEffect(state, command.key)?.effect.status !== 'parked') {
    return refusal('not_found/parked_effect', command.key);
  }
  return admitted({ type: 'effect.resolved', key: command.key, resolution: command.resolution, by: command.by, ...id });
}

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
}

/**
 * The ledger's answer to an effect request. `answered`: it was recorded before and does not run again. `run`: append the
 * fact, then call. `refused`, `parked`, `diverged`: append the fact, do not call. `stale`: the attempt is no longer the
 * current one; nothing is appended.
 */
export type EffectAdmission =
  | { readonly kind: 'answered'; readonly outcome: EffectOutcome; readonly fact: FactOf<'effect.reused'> }
  | { readonly kind: 'run'; readonly fact: FactOf<'effect.intended'> }
  | { readonly kind: 'refused'; readonly fact: FactOf<'effect.refused'> }
  | { readonly kind: 'parked'; readonly fact: FactOf<'effect.parked'> }
  | { readonly kind: 'diverged'; readonly fact: FactOf<'attempt.diverged'> }
  | { readonly kind: 'stale' };

/**
 * L1 A recorded effect never runs again; a recorded failure may in another attempt, unless a person made it final. L2 An intent of an earlier incarnation without a record runs again only when
 * its policy says so. L3 No call starts unless its reservation fits. L4 The same key with other arguments is parked.
 */
export function admitEffect(state: RunState, request: EffectRequest): EffectAdmission {
  const node = nodeOf(state, request.node);
  const current =
    node.visit === request.visit && node.attempt === request.attempt && node.incarnation === request.incarnation;
  if (!current || node.status !== 'scheduled') return { kind: 'stale' };
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
  return admitCall(state, request);
}

function admitCall(state: RunState, request: EffectRequest): EffectAdmission {
  const { key, node, visit, attempt, name, occurrence, argumentsDigest, summary, policy, reserved, notAfter } = request;
  const earlier = nodeOf(state, node).effects[key];
  const standing = earlier?.status === 'intended' ? earlier.reserved : {};
  const shortage = shortageOf(state.budget, reserved, standing);
  if (shortage !== undefined) {
    return { kind: 'refused', fact: { type: 'effect.refused', key, node, visit, attempt, reserved, ...shortage } };
  }
  const execution = (earlier?.execution ?? 0) + 1;
  const call = { name, occurrence, argumentsDigest, summary, policy, execution, reserved, notAfter };
  return { kind: 'run', fact: { type: 'effect.intended', key, node, visit, attempt, ...call } };
}

function admitted(fact: Fact): Admission {
  return { kind: 'admitted', fact };
}

function refusal(reason: ErrorReason, detail: string): Refusal {
  return { kind: 'refused', reason, detail };
}
