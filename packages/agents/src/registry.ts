import { createHash } from 'node:crypto';
import type { ActionSchemas, Agent, AgentContext, Invoker, PayloadValidator } from '@vltair/core';
import {
  agentError,
  canonicalJson,
  failureOf,
  parseAgentError,
  parseAgentResult,
  sanitizeArtifact,
  sanitizeFailure,
  sanitizeValue,
  VltairError,
  type AgentError,
  type AgentResult,
  type AgentTask,
  type JsonObject,
  type RedactionSettings,
} from '@vltair/protocol';

/**
 * The agents of one process, by name. What an agent says comes through here on its way into the log: the words in it lose
 * their secrets, while code, ids and the data that other nodes work with stay as they are.
 */
export class AgentRegistry implements Invoker {
  readonly #agents = new Map<string, Agent>();
  readonly #redaction: RedactionSettings;
  readonly #validators = new Map<string, PayloadValidator>();
  readonly #busy = new Map<string, number>();

  /** @throws VltairError `invalid_argument/duplicate_agent` for a name that is taken. */
  constructor(agents: readonly Agent[], redaction: RedactionSettings = {}) {
    this.#redaction = redaction;
    for (const agent of agents) {
      if (this.#agents.has(agent.name))
        throw new VltairError('invalid_argument/duplicate_agent', { detail: agent.name });
      this.#agents.set(agent.name, agent);
      for (const [action, validator] of agent.validators ?? [])
        this.#validators.set(validatorKey(agent.name, action), validator);
    }
  }

  has(agent: string): boolean {
    return this.#agents.has(agent);
  }

  /** What the validation of workflows knows of the agents, by name. An action without schemas takes and gives anything. */
  known(): ReadonlyMap<string, Pick<Agent, 'actions'>> {
    return new Map([...this.#agents].map(([name, agent]) => [name, knownOf(agent)]));
  }

  /** Sorted by name. */
  list(): readonly Pick<Agent, 'name' | 'version' | 'description'>[] {
    return [...this.#agents.values()]
      .map(({ name, version, description }) => ({ name, version, description }))
      .toSorted((left, right) => (left.name < right.name ? -1 : 1));
  }

  /** What an action takes and gives; undefined for an agent or an action that says nothing of it, or does not exist. */
  schemasOf(agent: string, action: string): ActionSchemas | undefined {
    const actions = this.#agents.get(agent)?.actions ?? {};
    return Object.hasOwn(actions, action) ? actions[action] : undefined;
  }

  /** The actions that an agent takes, sorted; undefined where it takes whatever it is asked. */
  actionsOf(agent: string): readonly string[] | undefined {
    const validators = this.#agents.get(agent)?.validators;
    return validators === undefined ? undefined : [...validators.keys()].toSorted();
  }

  /** What a run's manifest pins: a digest of each agent's declared identity. */
  digests(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.list().map((agent) => [agent.name, sha256(canonicalJson(agent))]));
  }

  /**
   * Checks the payload of a task before anything is recorded of it.
   *
   * @throws VltairError `not_found/agent`, `invalid_argument/agent_input`
   */
  validate(task: AgentTask): void {
    this.#validate(this.#route(task), task);
  }

  /** Runs the named agent, or the least busy one for a task that names none, and checks its reply. */
  async invoke(task: AgentTask, context: AgentContext): Promise<AgentResult | AgentError> {
    const agent = this.#route(task);
    this.#count(agent.name, 1);
    try {
      this.#validate(agent, task);
      const reply = await agent.run(task, context);
      return reply.type === 'AgentError'
        ? this.#cleanError(parseAgentError(reply))
        : this.#cleanResult(parseAgentResult(reply));
    } catch (error) {
      const envelope = { task, agent: agent.name, traceId: context.traceId, failure: failureOf(error) };
      return agentError(envelope, this.#redaction);
    } finally {
      this.#count(agent.name, -1);
    }
  }

  #validate({ name, validators }: Agent, task: AgentTask): void {
    if (validators === undefined) return;
    const { action } = task.payload;
    const validator = this.#validators.get(validatorKey(name, action));
    if (validator !== undefined) return validator(task);
    const detail = `${name} takes ${[...validators.keys()].join(', ')}, not ${JSON.stringify(action)}`;
    throw new VltairError('invalid_argument/agent_input', { detail, where: 'action' });
  }

  #cleanResult(result: AgentResult): AgentResult {
    const artifacts = result.payload.artifacts.map((artifact) => sanitizeArtifact(artifact, this.#redaction));
    return { ...result, payload: { ...result.payload, artifacts } };
  }

  #cleanError(reply: AgentError): AgentError {
    return {
      ...reply,
      error: sanitizeFailure(reply.error, this.#redaction),
      diagnostics: sanitizeValue(reply.diagnostics, this.#redaction) as JsonObject,
    };
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

function knownOf({ actions, validators }: Agent): Pick<Agent, 'actions'> {
  if (actions !== undefined) return { actions };
  if (validators === undefined) return {};
  return { actions: Object.fromEntries([...validators.keys()].map((action) => [action, { input: {}, output: {} }])) };
}

function validatorKey(agent: string, action: string): string {
  return JSON.stringify([agent, action]);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
