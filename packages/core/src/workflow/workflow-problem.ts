import { failure, type ErrorReason } from '@vltair/protocol';
import type { Agent } from '../ports/agent.ts';

/** What is wrong with a workflow, or looks wrong: then it is a warning, and the workflow runs all the same. */
export interface WorkflowProblem {
  readonly severity: 'error' | 'warning';
  readonly reason: ErrorReason;
  /** The catalogue's sentence with what is wrong here. */
  readonly message: string;
  /** Of the member, as written: `nodes.2.needs.0`. Empty for the workflow as a whole. */
  readonly path: string;
  /** The name that was probably meant. */
  readonly suggestion?: string;
  /** The problem is the name of the member, not its value. */
  readonly about?: 'name';
}

/** What validation knows of an agent. */
export type KnownAgent = Pick<Agent, 'actions'>;

export interface ProblemDetail {
  readonly detail: string;
  readonly path: string;
  readonly suggestion?: string | undefined;
  readonly severity?: WorkflowProblem['severity'];
  readonly about?: 'name';
}

export function problem(
  reason: ErrorReason,
  { detail, path, suggestion, severity = 'error', about }: ProblemDetail,
): WorkflowProblem {
  const asked = suggestion === undefined ? detail : `${detail}; did you mean "${suggestion}"?`;
  const { message } = failure(reason, { detail: asked });
  const optional = { ...(suggestion === undefined ? {} : { suggestion }), ...(about === undefined ? {} : { about }) };
  return { severity, reason, message, path, ...optional };
}

/** Joins the steps of a path. */
export function at(...steps: readonly (string | number)[]): string {
  return steps.filter((step) => step !== '').join('.');
}
