import { validateWorkflow, type KnownAgent } from '@vltair/core';
import { VltairError, type Workflow } from '@vltair/protocol';
import { detailIn } from './error-detail.ts';
import { readWorkflowSource, type PlacedProblem } from './workflow-source.ts';

/** The agents that exist, by name. */
export type KnownAgents = ReadonlyMap<string, KnownAgent>;

/** What is wrong with a workflow file, and what is probably not meant. */
export interface FileValidation {
  /** Absent when the file holds no workflow at all. */
  readonly workflow: Workflow | undefined;
  readonly errors: readonly PlacedProblem[];
  readonly warnings: readonly PlacedProblem[];
}

/**
 * Finds all that is wrong with a workflow file, each with its line and column where these are known.
 *
 * @throws VltairError for a file that cannot be read at all.
 */
export async function validateWorkflowFile(path: string, agents?: KnownAgents): Promise<FileValidation> {
  const source = await readWorkflowSource(path);
  if (source.value === undefined && source.problems.length > 0)
    return { workflow: undefined, errors: source.problems, warnings: [] };
  const { workflow, errors, warnings } = validateWorkflow(source.value, agents === undefined ? {} : { agents });
  const place = (problem: PlacedProblem): PlacedProblem => {
    return { ...problem, ...source.placeOf(problem.path, problem.about) };
  };
  const inOrder = (problems: readonly PlacedProblem[]) => problems.toSorted(byPlace);
  return {
    workflow,
    errors: inOrder([...source.problems, ...errors.map(place)]),
    warnings: inOrder(warnings.map(place)),
  };
}

function byPlace(left: PlacedProblem, right: PlacedProblem): number {
  return (left.line ?? 0) - (right.line ?? 0) || (left.column ?? 0) - (right.column ?? 0);
}

/**
 * Reads a workflow file that can run; with `agents`, one whose agents all exist and take what they are given.
 *
 * @throws VltairError for the first of its problems, naming file, line and column where they are known.
 */
export async function readWorkflowFile(path: string, agents?: KnownAgents): Promise<Workflow> {
  const { workflow, errors } = await validateWorkflowFile(path, agents);
  const [first] = errors;
  if (first === undefined && workflow !== undefined) return workflow;
  const { reason, message, line, column } = first ?? { reason: 'invalid_argument/workflow', message: '' };
  const place = line === undefined ? '' : `:${line}:${column}`;
  throw new VltairError(reason, { ...detailIn(reason, message), where: `${path}${place}` });
}
