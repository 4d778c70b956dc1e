import type { VltairError } from '@vltair/protocol';
import type { RunState } from '../machine/run-state.ts';

interface Waiter {
  readonly fits: (state: RunState) => boolean;
  readonly resolve: (state: RunState) => void;
  readonly reject: (error: VltairError) => void;
}

/** Those who wait for a state of a run. */
export class RunWaiters {
  readonly #waiters = new Map<string, Set<Waiter>>();

  /** Resolves with the first state that is told of and fits. */
  until(run: string, fits: (state: RunState) => boolean): Promise<RunState> {
    return new Promise((resolve, reject) => {
      const others = this.#waiters.get(run) ?? new Set();
      this.#waiters.set(run, others.add({ fits, resolve, reject }));
    });
  }

  awaits(run: string): boolean {
    return this.#waiters.has(run);
  }

  tell(state: RunState): void {
    const waiters = this.#waiters.get(state.run) ?? new Set();
    for (const waiter of waiters) {
      if (!waiter.fits(state)) continue;
      waiters.delete(waiter);
      waiter.resolve(state);
    }
    if (waiters.size === 0) this.#waiters.delete(state.run);
  }

  fail(run: string, error: VltairError): void {
    const waiters = this.#waiters.get(run) ?? new Set();
    this.#waiters.delete(run);
    for (const { reject } of waiters) reject(error);
  }
}
