import { hash } from 'node:crypto';
import {
  amountsSchema,
  BudgetExceeded,
  failureOf,
  sanitizeFailure,
  storedJson,
  VltairError,
  type Amounts,
  type AttemptRef,
  type EffectOutcome,
  type Fact,
  type Failure,
  type Json,
  type RedactionSettings,
} from '@vltair/protocol';
import { admitEffect, type EffectAdmission, type EffectRequest } from '../machine/admit-effect.ts';
import { effectKey } from '../machine/effect-key.ts';
import type { AgentContext, EffectCall, EffectSpec, Progress } from '../ports/agent.ts';
import type { Clock } from '../ports/clock.ts';
import type { EffectGate } from '../ports/gate.ts';
import { EffectWatch } from './effect-clock.ts';
import type { RunLog } from './run-log.ts';

/** The incarnation that a context belongs to. */
export interface Incarnation extends AttemptRef {
  readonly agent: string;
  readonly incarnation: number;
  readonly traceId: string;
  readonly tree: string | undefined;
  readonly signal: AbortSignal;
}

export interface ContextPorts {
  readonly shared: SharedContextPorts;
  readonly runLog: RunLog;
  readonly time: { now(): number };
  readonly progress: (progress: Progress) => void;
  /** The process is ending: outcomes are no longer recorded, so that the next incarnation runs the call again. */
  readonly isClosing: () => boolean;
  /** The attempt has been suspended and its last call has ended: its promise will never settle, and nothing of it is to be waited for. */
  readonly suspend: () => void;
}

/** The same for all runs of a process. */
export interface SharedContextPorts {
  readonly clock: Clock;
  /** E4. Looked at right before a call on the world; whoever may make none any more lets go of its runs. */
  readonly checkLease: () => void;
  /** Absent: nothing is gated. */
  readonly gate: EffectGate | undefined;
  /** What a failed call says goes into the log without secrets. */
  readonly redaction: RedactionSettings;
}

/** How a call ended, and what it took. */
interface CallMade {
  readonly outcome: EffectOutcome;
  readonly spent: Amounts;
  /** Tokens by what they were spent on. */
  readonly tokens: { readonly llm?: number; readonly tool?: number };
}

/** How long after its intent a call may still be sent. */
const SEND_WINDOW_MS = 30_000;

/** How long a call may go on after its abort, to end what it started. */
const ABORT_GRACE_MS = 5_000;

/**
 * What an agent has of the outside: the ledger of its attempt.
 *
 * E1 The intent is durable before the call; the record is in the log before the result is used, so that it is durable
 *    before anything that follows from it leaves the process: the next intent, and the end, are behind it.
 * E2 An effect returns exactly what was recorded, whether it ran or was answered.
 * E3 A suspended attempt's effects never settle; the calls that it has under way end first and are recorded.
 * E4 A call is sent while the lease of this process lasts, which is looked at in that moment: whoever stood still so long
 *    that another worker may have the run sends nothing when it wakes.
 */
export class AttemptContext implements AgentContext {
  readonly #at: Incarnation;
  readonly #ports: ContextPorts;
  readonly #occurrences = new Map<string, number>();
  readonly #inFlight = new Set<string>();
  #calling = 0;
  #isSuspended = false;

  constructor(at: Incarnation, ports: ContextPorts) {
    this.#at = at;
    this.#ports = ports;
  }

  get run(): string {
    return this.#ports.runLog.run;
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

  /** A call on the world is under way, or about to begin. */
  get isCalling(): boolean {
    return this.#calling > 0;
  }

  /** Whatever the agent still returns counts for nothing. */
  get isSuspended(): boolean {
    return this.#isSuspended;
  }

  progress(progress: Progress): void {
    this.#ports.progress(progress);
  }

  async effect<T extends Json>(spec: EffectSpec, call: (call: EffectCall) => Promise<T>): Promise<T> {
    const request = this.#gated(this.#request(spec), spec.arguments);
    this.#inFlight.add(spec.name);
    try {
      const admission = await this.#admit(request, factOf);
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
    const admission = await this.#admit(request, (answer) => readFactOf(answer, request, time));
    if (admission.kind === 'answered') return valueOf<number>(admission.outcome);
    return isRead(admission) ? time : await this.#suspended();
  }

  #request(spec: EffectSpec): EffectRequest {
    const { name } = spec;
    if (name === '' || !name.isWellFormed()) throw new TypeError('the name of an effect is well-formed and not empty');
    if (this.#inFlight.has(name)) throw new VltairError('invalid_argument/effect_in_flight', { detail: name });
    this.#at.signal.throwIfAborted();
    const occurrence = (this.#occurrences.get(name) ?? 0) + 1;
    this.#occurrences.set(name, occurrence);
    const { node, visit, attempt, incarnation } = this.#at;
    return {
      key: effectKey({ node, visit, name, occurrence }),
      node,
      visit,
      attempt,
      incarnation,
      name,
      occurrence,
      argumentsDigest: hash('sha256', storedJson(spec.arguments)),
      summary: spec.summary.toWellFormed(),
      policy: spec.policy,
      reserved: amountsSchema.parse({ timeMs: spec.clocks.total, calls: 1, ...spec.reserve }),
      notAfter: this.#ports.time.now() + SEND_WINDOW_MS,
    };
  }

  #gated(request: EffectRequest, given: Json): EffectRequest {
    const workflow = this.#ports.runLog.ahead?.workflow.name ?? '';
    const { agent, node } = this.#at;
    const { name: effect, summary } = request;
    const wish = { run: this.run, workflow, node, agent, effect, arguments: given, summary };
    const gate = this.#ports.shared.gate?.evaluate(wish);
    return gate === undefined ? request : { ...request, gate };
  }

  /** The ledger's answer, with the fact that it calls for in the log. */
  async #admit(
    request: EffectRequest,
    factFor: (answer: EffectAdmission) => Fact | undefined,
  ): Promise<EffectAdmission> {
    let admission: EffectAdmission = { kind: 'stale' };
    await this.#ports.runLog.accept((state) => {
      if (state !== undefined) admission = admitEffect(state, request);
      const fact = factFor(admission);
      return fact === undefined ? [] : [fact];
    });
    return admission;
  }

  #follow<T extends Json>(
    admission: EffectAdmission,
    request: EffectRequest,
    spec: EffectSpec,
    call: (call: EffectCall) => Promise<T>,
  ): EffectOutcome | Promise<EffectOutcome> {
    switch (admission.kind) {
      case 'answered':
        return admission.outcome;
      case 'run':
        return this.#execute(admission.fact.execution, request, spec, call);
      case 'refused': {
        const { dimension, limit, committed, requested, scope } = admission.fact;
        throw new BudgetExceeded({
          dimension,
          limit,
          spent: committed,
          requested,
          ...(scope === undefined ? {} : { scope }),
        });
      }
      case 'denied':
        return { kind: 'error', failure: admission.fact.failure };
      default:
        return this.#suspended();
    }
  }

  async #execute<T extends Json>(
    execution: number,
    request: EffectRequest,
    spec: EffectSpec,
    call: (call: EffectCall) => Promise<T>,
  ): Promise<EffectOutcome> {
    this.#calling += 1;
    try {
      await this.#ports.runLog.settled(); // E1
      const made = await this.#call(request, spec, call);
      if (!this.#isCut(made.outcome)) return await this.#record(execution, request, made);
    } finally {
      this.#calling -= 1;
      this.#dropWhenQuiet();
    }
    return await this.#suspended();
  }

  #call<T extends Json>(
    request: EffectRequest,
    spec: EffectSpec,
    call: (call: EffectCall) => Promise<T>,
  ): Promise<CallMade> {
    const watch = new EffectWatch(this.#ports.shared.clock, spec.clocks, this.#at.signal);
    const { candidates } = request.reserved;
    let spent: Amounts = { calls: 1, ...(candidates === undefined ? {} : { candidates }) };
    const tokens: { llm?: number; tool?: number } = {};
    const handle: EffectCall = {
      signal: watch.signal,
      idempotencyKey: `${this.run}/${request.key}`,
      frame: () => watch.frame(),
      spend: (amounts) => (spent = { ...spent, ...amountsSchema.parse(amounts) }),
      recordTokens: (count, kind) => {
        if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`${count} is no number of tokens`);
        tokens[kind] = (tokens[kind] ?? 0) + count;
        spent = { ...spent, tokens: (spent.tokens ?? 0) + count };
      },
    };
    return this.#outcomeOf(request, () => call(handle), handle.signal).then((outcome) => {
      return { outcome, spent: { ...spent, timeMs: watch.stop() }, tokens };
    });
  }

  async #outcomeOf(request: EffectRequest, call: () => Promise<Json>, signal: AbortSignal): Promise<EffectOutcome> {
    try {
      if (this.#ports.time.now() > request.notAfter) throw new VltairError('timeout/call', { detail: 'sent too late' });
      this.#ports.shared.checkLease();
      signal.throwIfAborted();
      return { kind: 'value', value: asStored(await this.#untilAborted(call(), signal)) };
    } catch (error) {
      const failure = failureOf(signal.aborted ? signal.reason : error);
      return { kind: 'error', failure: sanitizeFailure(failure, this.#ports.shared.redaction) };
    }
  }

  /** The call's own end, also after an abort, so that what it started can be ended; one that ignores its signal is given up after a while. */
  #untilAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
    const ended = Promise.withResolvers<T>();
    let grace: { cancel(): void } | undefined;
    const giveUp = (): void => {
      grace = this.#ports.shared.clock.after(ABORT_GRACE_MS, () => ended.reject(signal.reason));
    };
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
    const settle = (): void => {
      signal.removeEventListener('abort', giveUp);
      grace?.cancel();
      ended.resolve(result);
    };
    result.then(settle, settle);
    return ended.promise;
  }

  /** E3. */
  #suspended(): Promise<never> {
    this.#isSuspended = true;
    this.#dropWhenQuiet();
    return new Promise(() => {});
  }

  #dropWhenQuiet(): void {
    if (this.#isSuspended && this.#calling === 0) this.#ports.suspend();
  }

  /** The end of the process cut the call short: nobody knows how it would have ended. A call that ended is recorded even then. */
  #isCut(outcome: EffectOutcome): boolean {
    return this.#ports.isClosing() && outcome.kind === 'error' && this.#at.signal.aborted;
  }

  /** E1, E2: what the ledger holds afterwards is the answer; when it holds another execution, this attempt is no longer the current one. */
  async #record(
    execution: number,
    request: EffectRequest,
    { outcome, spent, tokens }: CallMade,
  ): Promise<EffectOutcome> {
    const { key, node, visit } = request;
    const kinds = Object.keys(tokens).length === 0 ? {} : { tokens };
    const fact: Fact = { type: 'effect.recorded', key, node, visit, execution, outcome, spent, ...kinds };
    const state = await this.#ports.runLog.accept(() => [fact]);
    const effect = state?.nodes[node]?.effects[key];
    if (effect?.execution !== execution || effect.outcome === undefined) return await this.#suspended();
    return effect.outcome;
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
  return JSON.parse(JSON.stringify(outcome.value)) as T; // E2: what the agent does to it must not reach the ledger
}

/** The value as the log gives it back. @throws TypeError for what JSON cannot hold. */
function asStored(value: Json): Json {
  return JSON.parse(storedJson(value)) as Json;
}

function factOf(admission: EffectAdmission): Fact | undefined {
  return 'fact' in admission ? admission.fact : undefined;
}

/** A read costs nothing, so that no budget refuses it, and it cannot be ambiguous: it is recorded without an intent. */
function isRead(admission: EffectAdmission): boolean {
  return admission.kind === 'run' || admission.kind === 'refused';
}

function readFactOf(admission: EffectAdmission, request: EffectRequest, value: Json): Fact | undefined {
  if (admission.kind === 'answered') return undefined;
  if (!isRead(admission)) return factOf(admission);
  const { key, node, visit, argumentsDigest } = request;
  return {
    type: 'effect.recorded',
    key,
    node,
    visit,
    execution: 1,
    argumentsDigest,
    outcome: { kind: 'value', value },
    spent: {},
  };
}
