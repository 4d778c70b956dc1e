import { canonicalJson, type Fact, type FactOf } from '@vltair/protocol';
import { admitEffect, type EffectAdmission, type EffectRequest } from './admit-effect.ts';
import { admit } from './admit.ts';
import { effectKey } from './effect-key.ts';
import { nodeOf, type EffectState, type RunState } from './run-state.ts';

/**
 * What the rules have instead of a fact that they cannot have produced; `expected` is `undefined` for nothing at all.
 * Members that the recorded fact does not tell, such as the name of a call that was refused, are empty in it.
 */
export interface LedgerProblem {
  readonly expected: Fact | undefined;
}

type Answer = FactOf<
  | 'effect.intended'
  | 'effect.reused'
  | 'effect.refused'
  | 'effect.held'
  | 'effect.denied'
  | 'effect.parked'
  | 'attempt.diverged'
>;
type EffectRecord = FactOf<'effect.recorded'>;

/**
 * Puts the recorded facts of the ledger to today's rules, each in the state in which it was recorded: an answer to a
 * request must be the one that {@link admitEffect} gives, a person's answer must be admitted, and a record belongs to a
 * call that was intended and has no record yet. A record may come after its visit has ended, which the state no longer
 * knows: the calls are counted here.
 */
export class LedgerCheck {
  readonly #withoutRecord = new Set<string>();

  /** The facts of a log in order; `state` is the one before the fact. */
  next(state: RunState, fact: Fact): LedgerProblem | undefined {
    switch (fact.type) {
      case 'effect.intended':
        this.#withoutRecord.add(callOf(fact));
        return unless(fact, factOf(admitEffect(state, { ...requestOf(state, fact), key: effectKey(fact) })));
      case 'effect.reused':
      case 'effect.refused':
      case 'effect.held':
      case 'effect.denied':
      case 'effect.parked':
      case 'attempt.diverged':
        return unless(fact, factOf(admitEffect(state, requestOf(state, fact))));
      case 'effect.recorded':
        return this.#isOwed(state, fact) ? undefined : { expected: undefined };
      case 'effect.resolved':
        return unless(fact, resolutionOf(state, fact));
      default:
        return undefined;
    }
  }

  #isOwed(state: RunState, fact: EffectRecord): boolean {
    return fact.argumentsDigest === undefined
      ? this.#withoutRecord.delete(callOf(fact))
      : isReadable(state, fact, fact.argumentsDigest);
  }
}

function unless(recorded: Fact, expected: Fact | undefined): LedgerProblem | undefined {
  const isSame = expected !== undefined && canonicalJson(recorded) === canonicalJson(expected);
  return isSame ? undefined : { expected };
}

function callOf({ node, visit, key, execution }: EffectRecord | FactOf<'effect.intended'>): string {
  return canonicalJson([node, visit, key, execution]);
}

/** A read has no intent of its own: it is recorded where a call would be let through, or refused by the budget alone. */
function isReadable(state: RunState, { node, visit, key, execution }: EffectRecord, argumentsDigest: string): boolean {
  const { attempt, incarnation } = nodeOf(state, node);
  const request = { ...unknown, key, node, visit, attempt, incarnation, argumentsDigest };
  const { kind } = admitEffect(state, request);
  return execution === 1 && (kind === 'run' || kind === 'refused');
}

function resolutionOf(state: RunState, fact: FactOf<'effect.resolved'>): Fact | undefined {
  const { key, resolution, by, commandId } = fact;
  const admission = admit(state, { type: 'resolve', key, resolution, by }, commandId);
  return admission.kind === 'admitted' ? admission.fact : undefined;
}

/** The request that the answer was given to: by the incarnation at work, and with the arguments that are recorded. */
function requestOf(state: RunState, answer: Answer): EffectRequest {
  const { node, key } = answer;
  const { incarnation, effects } = nodeOf(state, node);
  const earlier: EffectState | undefined = effects[key];
  const argumentsDigest = answer.type === 'attempt.diverged' ? answer.actualDigest : earlier?.argumentsDigest;
  const asked = { ...unknown, ...(argumentsDigest === undefined ? {} : { argumentsDigest }), ...answer, incarnation };
  if (answer.type !== 'effect.parked') return asked;
  return { ...asked, policy: 'once', ...answer.restored };
}

/** What the rules do not look at where it is not part of the fact. */
const unknown = {
  name: '',
  occurrence: 1,
  argumentsDigest: '',
  summary: '',
  policy: 'repeatable',
  reserved: {},
  notAfter: 0,
} as const;

function factOf(admission: EffectAdmission): Fact | undefined {
  return 'fact' in admission ? admission.fact : undefined;
}
