import { createHash } from 'node:crypto';
import type { Agent, AgentContext, Invoker } from '@vltair/core';
import {
  agentError,
  canonicalJson,
  failureOf,
  parseAgentError,
  parseAgentResult,
  VltairError,
  type AgentError,
  type AgentResult,
  type AgentTask,
} from '@vltair/protocol';

/** The agents of one process, by name. */
export class AgentRegistry implements Invoker {
  readonly #agents = new Map<string, Agent>();
  readonly #busy = new Map<string, number>();

  /** @throws VltairError `invalid_argument/duplicate_agent` for a name that is taken. */
  constructor(agents: readonly Agent[]) {
    for (const agent of agents) {
      if (this.#agents.has(agent.name))
        throw new VltairError('invalid_argument/duplicate_agent', { detail: agent.name });
      this.#agents.set(agent.name, agent);
    }
  }

  has(agent: string): boolean {
    return this.#agents.has(agent);
  }

  /** Sorted by name. */
  list(): readonly Pick<Agent, 'name' | 'version' | 'description'>[] {
    return [...this.#agents.values()]
      .map(({ name, version, description }) => ({ name, version, description }))
      .toSorted((left, right) => (left.name < right.name ? -1 : 1));
  }

  /** What a run's manifest pins: a digest of each agent's declared identity. */
  digests(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.list().map((agent) => [agent.name, sha256(canonicalJson(agent))]));
  }

  /** Runs the named agent, or the least busy one for a task that names none, and checks its reply. */
  async invoke(task: AgentTask, context: AgentContext): Promise<AgentResult | AgentError> {
    const agent = this.#route(task);
    this.#count(agent.name, 1);
    try {
      const reply = await agent.run(task, context);
      return reply.type === 'AgentError' ? parseAgentError(reply) : parseAgentResult(reply);
    } catch (error) {
      return agentError({ task, agent: agent.name, traceId: context.traceId, failure: failureOf(error) });
    } finally {
      this.#count(agent.name, -1);
    }
  }

  #route(task: AgentTask): Agent {
    const named = task.agent === undefined ? this.#leastBusy() : this.#agents.get(task.agent);
    if (named === undefined) throw new VltairError('not_found/agent', { detail: task.agent ?? 'none is registered' });
    return named;
  }

  #leastBusy(): Agent | undefined {
    const load = (agent: Agent): number => this.#busy.get(agent.name) ?? 0;
    return [...this.#agents.values()].toSorted(
      (left, right) => load(left) - load(right) || (left.name < right.name ? -1 : 1),
    )[0];
  }

  #count(name: string, change: number): void {
    this.#busy.set(name, (this.#busy.get(name) ?? 0) + change);
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
