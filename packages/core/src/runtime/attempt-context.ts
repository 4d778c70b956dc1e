import { createHash } from 'node:crypto';
import {
  BudgetExceeded,
  canonicalJson,
  failureOf,
  VltairError,
  wellFormed,
  type Amounts,
  type AttemptRef,
  type EffectOutcome,
  type Failure,
  type Json,
} from '@vltair/protocol';
import { admitEffect, type EffectAdmission, type EffectRequest } from '../machine/admit.ts';
import type { RunState } from '../machine/run-state.ts';
import type { AgentContext, EffectCall, EffectSpec, Progress } from '../ports/agent.ts';
import type { Clock } from '../ports/clock.ts';
import { EffectWatch } from './effect-clock.ts';
import type { RunLog } from './run-log.ts';

/** The incarnation that a context belongs to. */
export interface Incarnation extends AttemptRef {
  readonly incarnation: number;
  readonly traceId: string;
  readonly tree: string | undefined;
  readonly signal: AbortSignal;
}

export interface ContextPorts {
  readonly log: RunLog;
  readonly clock: Clock;
  readonly time: { now(): number };
  readonly progress: (progress: Progress) => void;
  /** The process is ending: outcomes are no longer recorded, so that the next incarnation runs the call again. */
  readonly isClosing: () => boolean;
  /** The attempt has been suspended: its promise will never settle, and nothing of it is to be waited for. */
  readonly suspend: () => void;
}

/** How long after its intent a call may still be sent. */
const SEND_WINDOW_MS = 30_000;

/** How long a call may go on after its abort, to end what it started. */
const ABORT_GRACE_MS = 5_000;

/**
 * What an agent has of the outside: the ledger of its attempt.
 *
 * E1 The intent is durable before the call, the record is durable before the result is used.
 * E2 An effect returns exactly what was recorded, whether it ran or was answered.
 * E3 A suspended attempt's effects never settle.
 */
export class AttemptContext implements AgentContext {
  readonly #at: Incarnation;
  readonly #ports: ContextPorts;
  readonly #occurrences = new Map<string, number>();
  readonly #inFlight = new Set<string>();

  constructor(at: Incarnation, ports: ContextPorts) {
    this.#at = at;
    this.#ports = ports;
  }

  get run(): string {
    return this.#ports.log.run;
  }
  get node(): string {
    return this.#at.node;
  }
  get visit(): number {
    return this.#at.visit;
  }
  get attempt(): number {
    return this.#at.attempt;
  }
  get incarnation(): number {
    return this.#at.incarnation;
  }
  get traceId(): string {
    return this.#at.traceId;
  }
  get tree(): string | undefined {
    return this.#at.tree;
  }
  get signal(): AbortSignal {
    return this.#at.signal;
  }

  progress(progress: Progress): void {
    this.#ports.progress(progress);
  }

  async effect<T extends Json>(spec: EffectSpec, call: (call: EffectCall) => Promise<T>): Promise<T> {
    const request = this.#request(spec);
    this.#inFlight.add(spec.name);
    try {
      const admission = await this.#admit(request);
      return valueOf<T>(await this.#follow(admission, request, spec, call));
    } finally {
      this.#inFlight.delete(spec.name);
    }
  }

  async now(name: string): Promise<number> {
    const request = this.#request({
      name,
      arguments: null,
      summary: 'the time',
      policy: 'repeatable',
      clocks: { total: 0 },
    });
    const time = this.#ports.time.now();
    const state = await this.#ports.log.commit((current) => this.#readFacts(current, request, time));
    const recorded = state?.nodes[request.node]?.effects[request.key]?.outcome;
    return recorded === undefined ? await this.#suspended() : valueOf<number>(recorded);
  }

  #readFacts(state: RunState | undefined, request: EffectRequest, value: Json) {
    if (state === undefined || admitEffect(state, request).kind !== 'run') return [];
    const { key, node, visit, argumentsDigest } = request;
    const outcome = { kind: 'value' as const, value };
    return [{ type: 'effect.recorded' as const, key, node, visit, argumentsDigest, outcome, spent: {} }];
  }

  #request(spec: EffectSpec): EffectRequest {
    if (this.#inFlight.has(spec.name))
      throw new VltairError('invalid_argument/effect_in_flight', { detail: spec.name });
    this.#at.signal.throwIfAborted();
    const occurrence = (this.#occurrences.get(spec.name) ?? 0) + 1;
    this.#occurrences.set(spec.name, occurrence);
    const { node, visit, attempt, incarnation } = this.#at;
    return {
      key: `${node}#${visit}/${spec.name}#${occurrence}`,
      node,
      visit,
      attempt,
      incarnation,
      name: spec.name,
      occurrence,
      argumentsDigest: sha256(canonicalJson(wellFormed(spec.arguments))),
      summary: spec.summary.toWellFormed(),
      policy: spec.policy,
      reserved: { timeMs: spec.clocks.total, calls: 1, ...spec.reserve },
      notAfter: this.#ports.time.now() + SEND_WINDOW_MS,
    };
  }

  /** The ledger's answer, with the fact that it calls for durable (E1). */
  async #admit(request: EffectRequest): Promise<EffectAdmission> {
    let admission: EffectAdmission = { kind: 'stale' };
    await this.#ports.log.commit((state) => {
      if (state !== undefined) admission = admitEffect(state, request);
      return 'fact' in admission ? [admission.fact] : [];
    });
    return admission;
  }

  async #follow<T extends Json>(
    admission: EffectAdmission,
    request: EffectRequest,
    spec: EffectSpec,
    call: (call: EffectCall) => Promise<T>,
  ): Promise<EffectOutcome> {
    switch (admission.kind) {
      case 'answered':
        return admission.outcome;
      case 'run':
        return await this.#execute(request, spec, call);
      case 'refused': {
        const { dimension, limit, committed, requested } = admission.fact;
        throw new BudgetExceeded({ dimension, limit, spent: committed, requested });
      }
      default:
        return await this.#suspended();
    }
  }

  async #execute<T extends Json>(
    request: EffectRequest,
    spec: EffectSpec,
    call: (call: EffectCall) => Promise<T>,
  ): Promise<EffectOutcome> {
    const watch = new EffectWatch(this.#ports.clock, spec.clocks);
    let spent: Omit<Amounts, 'timeMs'> = {};
    const { candidates } = request.reserved;
    const handle: EffectCall = {
      signal: AbortSignal.any([this.#at.signal, watch.signal]),
      idempotencyKey: `${this.run}/${request.key}`,
      frame: () => watch.frame(),
      spend: (amounts) => (spent = amounts),
    };
    const outcome = await this.#outcomeOf(request, () => call(handle), handle.signal);
    const timeMs = watch.stop();
    if (this.#ports.isClosing()) return await this.#suspended();
    return await this.#record(request, outcome, {
      calls: 1,
      ...(candidates === undefined ? {} : { candidates }),
      ...spent,
      timeMs,
    });
  }

  async #outcomeOf(request: EffectRequest, call: () => Promise<Json>, signal: AbortSignal): Promise<EffectOutcome> {
    try {
      if (this.#ports.time.now() > request.notAfter) throw new VltairError('timeout/call', { detail: 'sent too late' });
      signal.throwIfAborted();
      return { kind: 'value', value: wellFormed(await this.#untilAborted(call(), signal)) };
    } catch (error) {
      return { kind: 'error', failure: failureOf(signal.aborted ? signal.reason : error) };
    }
  }

  /** The call's own end, also after an abort, so that what it started can be ended; one that ignores its signal is given up after a while. */
  #untilAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = () => this.#ports.clock.after(ABORT_GRACE_MS, () => reject(signal.reason));
      signal.addEventListener('abort', giveUp, { once: true });
      result.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
    });
  }

  /** E3. */
  #suspended(): Promise<never> {
    this.#ports.suspend();
    return new Promise(() => {});
  }

  /** E1, E2: a takeover meanwhile has dropped this attempt; its record still settles the books. */
  async #record(request: EffectRequest, outcome: EffectOutcome, spent: Amounts): Promise<EffectOutcome> {
    const { key, node, visit } = request;
    await this.#ports.log.commit(() => [{ type: 'effect.recorded', key, node, visit, outcome, spent }]);
    return outcome;
  }
}

/** A failure that was recorded, thrown again: the same every time. */
export class EffectFailed extends VltairError {
  override readonly name = 'EffectFailed';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.reason, failure.where === undefined ? {} : { where: failure.where });
    this.failure = failure;
    this.message = failure.message;
  }
}

function valueOf<T extends Json>(outcome: EffectOutcome): T {
  if (outcome.kind === 'error') throw new EffectFailed(outcome.failure);
  return outcome.value as T;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
