import {
  failure,
  failureOf,
  parseAgentError,
  parseAgentResult,
  sanitizeFailure,
  storedJson,
  type AgentResult,
  type AttemptOutcome,
  type AttemptRef,
  type Failure,
  type RedactionSettings,
} from '@vltair/protocol';
import type { WorkspacePort } from '../ports/agent.ts';
import type { RunLog } from './run-log.ts';

/** How an agent ended: with what it returned, which may be anything, or with what it threw. */
export type Reply =
  { readonly kind: 'returned'; readonly value: unknown } | { readonly kind: 'threw'; readonly error: unknown };

/** Takes the replies of a run's agents into its workspace and log, one after the other: a single writer. */
export class ResultApplier {
  readonly #runLog: RunLog;
  readonly #workspace: WorkspacePort;
  readonly #redaction: RedactionSettings;
  #last: Promise<unknown> = Promise.resolve();

  constructor(runLog: RunLog, workspace: WorkspacePort, redaction: RedactionSettings) {
    this.#runLog = runLog;
    this.#workspace = workspace;
    this.#redaction = redaction;
  }

  /** Resolves when the log has accepted the outcome. Rejects with what the workspace or the log failed with: nothing is recorded then. */
  apply(attempt: AttemptRef & { readonly incarnation: number }, reply: Reply): Promise<void> {
    const turn = this.#last.then(() => this.#take(attempt, reply));
    this.#last = turn.catch(() => {
      // The caller sees this failure through `turn`; the next reply does not depend on it.
    });
    return turn;
  }

  async #take(attempt: AttemptRef & { readonly incarnation: number }, reply: Reply): Promise<void> {
    const outcome = this.#withoutSecrets(await this.#outcomeOf(readReply(reply)));
    await this.#runLog.accept(() => [{ type: 'attempt.completed', ...attempt, outcome }]);
  }

  #withoutSecrets(outcome: AttemptOutcome): AttemptOutcome {
    if (outcome.kind === 'result') return outcome;
    return { ...outcome, failure: sanitizeFailure(outcome.failure, this.#redaction) };
  }

  async #outcomeOf(read: AttemptOutcome): Promise<AttemptOutcome> {
    const change = read.kind === 'result' ? read.result.payload.delta?.doc : undefined;
    if (read.kind === 'error' || change === undefined) return read;
    const treeBefore = this.#runLog.ahead?.tree;
    if (treeBefore === undefined) return { kind: 'error', failure: noWorkspace() };
    const applied = await this.#workspace.apply(treeBefore, change); // not-a-port: the workspace is a port under another name
    if (applied.kind === 'refused') return { kind: 'error', failure: applied.failure };
    return { ...read, treeBefore, treeAfter: applied.tree };
  }
}

/** What an agent returned is checked before anything is applied or stored: a log must stay readable. */
function readReply(reply: Reply): AttemptOutcome {
  if (reply.kind === 'threw') return { kind: 'error', failure: failureOf(reply.error) };
  try {
    const value: unknown = JSON.parse(storedJson(reply.value));
    if (!isAgentError(value)) return { kind: 'result', result: parseAgentResult(value) satisfies AgentResult };
    const { error, diagnostics } = parseAgentError(value);
    return { kind: 'error', failure: error, diagnostics };
  } catch (error) {
    return { kind: 'error', failure: failure('invalid_argument/agent_output', { detail: failureOf(error).message }) };
  }
}

function isAgentError(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'AgentError';
}

function noWorkspace(): Failure {
  return failure('invalid_argument/agent_output', { detail: 'a change was proposed in a run without a workspace' });
}
