import type { AmbiguityPolicy } from '@vltair/protocol';

/** A call that began, as the outside saw it. */
export interface Call {
  readonly run: string;
  readonly key: string;
  readonly policy: AmbiguityPolicy;
  readonly worker: string;
  readonly epoch: number;
  readonly attempt: number;
  readonly began: number;
  /** When it took effect; `undefined` until then, and for one that never did. */
  performed: number | undefined;
  /** It may still take effect. */
  isUnderWay: boolean;
}

/**
 * The outside: counts what the effects of agents really did, whatever the log says of them. Every call that takes effect
 * gives another number.
 */
export class World {
  readonly calls: Call[] = [];
  #acts = 0;

  begin(call: Omit<Call, 'performed' | 'isUnderWay'>): Call {
    const begun: Call = { ...call, performed: undefined, isUnderWay: true };
    this.calls.push(begun);
    return begun;
  }

  perform(call: Call, now: number): number {
    this.#acts += 1;
    call.performed = now;
    call.isUnderWay = false;
    return this.#acts;
  }

  /** Whether an effect has happened, or still may. */
  hasHappened(run: string, key: string): boolean {
    return this.calls.some(
      (call) => call.run === run && call.key === key && (call.performed !== undefined || call.isUnderWay),
    );
  }
}
