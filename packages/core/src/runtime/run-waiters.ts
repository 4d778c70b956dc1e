import type { VltairError } from '@vltair/protocol';
import type { RunState } from '../machine/run-state.ts';

interface Waiter {
  readonly run: string;
  readonly fits: (state: RunState) => boolean;
  readonly resolve: (state: RunState) => void;
  readonly reject: (error: VltairError) => void;
}

/** Those who wait for a state of a run. */
export class RunWaiters {
  readonly #waiters = new Set<Waiter>();

  /** Resolves with the first state that is told of and fits. */
  until(run: string, fits: (state: RunState) => boolean): Promise<RunState> {
    return new Promise((resolve, reject) => this.#waiters.add({ run, fits, resolve, reject }));
  }

  awaits(run: string): boolean {
    return this.#of(run).length > 0;
  }

  tell(state: RunState): void {
    this.tellAll((run) => (run === state.run ? state : undefined));
  }

  /** Whether a state fits may depend on more runs than its own. */
  tellAll(stateOf: (run: string) => RunState | undefined): void {
    for (const waiter of this.#waiters) {
      const state = stateOf(waiter.run);
      if (state === undefined || !waiter.fits(state)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(state);
    }
  }

  fail(run: string, error: VltairError): void {
    for (const waiter of this.#of(run)) {
      this.#waiters.delete(waiter);
      waiter.reject(error);
    }
  }

  #of(run: string): readonly Waiter[] {
    return [...this.#waiters].filter((waiter) => waiter.run === run);
  }
}
