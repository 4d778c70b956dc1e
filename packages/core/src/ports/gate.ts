import type { GateVerdict, Json } from '@vltair/protocol';

/** A call that an agent is about to make. */
export interface GateRequest {
  readonly run: string;
  readonly workflow: string;
  /** Path of the node. */
  readonly node: string;
  readonly agent: string;
  /** The effect's name. */
  readonly effect: string;
  readonly arguments: Json;
  readonly summary: string;
}

/**
 * Rules that stand before every call. A pure decision over what is known when the call is asked for: the same request
 * under the same policy has the same verdict. What it throws fails the call.
 */
export interface EffectGate {
  /** `undefined`: no rule speaks of such a call, and it needs no record. */
  evaluate(request: GateRequest): GateVerdict | undefined;
}
