import type { AgentContext } from '../../src/index.ts';
import type { Landed } from './log-book.ts';
import type { SimulatedWorker } from './simulated-worker.ts';
import { fail } from './violation.ts';

/** How long the runtime waits for an agent that was told to stop. */
const GRACE_MS = 10_000;

interface Agent {
  readonly worker: SimulatedWorker;
  readonly context: AgentContext;
  /** Things that it is doing now; one that waits for the ledger does nothing. */
  deeds: number;
}

/** What agents are really doing, whatever the log says of them. */
export class AgentsAtWork {
  readonly #now: () => number;
  readonly #agents = new Set<Agent>();
  readonly #stopAskedAt = new WeakMap<AbortSignal, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** It is called, and may be told to stop before it has begun. */
  called({ signal }: AgentContext): void {
    signal.addEventListener('abort', () => this.#stopAskedAt.set(signal, this.#now()), { once: true });
  }

  /** `play` is the agent; what it does it does through `deed`. */
  async enter<T>(
    worker: SimulatedWorker,
    context: AgentContext,
    play: (deed: <U>(work: Promise<U>) => Promise<U>) => Promise<T>,
  ): Promise<T> {
    const agent: Agent = { worker, context, deeds: 0 };
    this.#agents.add(agent);
    try {
      return await play((work) => {
        agent.deeds += 1;
        return work.finally(() => (agent.deeds -= 1));
      });
    } finally {
      this.#agents.delete(agent);
    }
  }

  /** SI23, for events that have just landed. */
  check(landed: readonly Landed[]): void {
    for (const { event } of landed) {
      if (event.payload.type !== 'attempt.stopped') continue;
      const { node, visit, attempt } = event.payload;
      for (const { worker, context, deeds } of this.#agents) {
        if (deeds === 0 || !worker.isAlive || !worker.wrote(event.epoch) || context.run !== event.run) continue;
        if (context.node !== node || context.visit !== visit || context.attempt !== attempt) continue;
        const stopAskedAt = this.#stopAskedAt.get(context.signal);
        const asked = stopAskedAt === undefined ? undefined : this.#now() - stopAskedAt;
        if (asked === undefined || asked < GRACE_MS)
          fail('SI23', event, event, `${node} works on, ${asked ?? 0} ms after it was told to stop`);
      }
    }
  }
}
