import type { Workflow } from '@vltair/protocol';
import { checkGraph, checkReachable } from './check-graph.ts';
import { checkInputs } from './check-inputs.ts';
import { checkNames } from './check-names.ts';
import { checkReferences } from './check-references.ts';
import { parseShape } from './check-shape.ts';
import { doneAtSuccess, doneBefore } from './done-before.ts';
import { flowsOf, placesOf, type Flow } from './flow.ts';
import { at, problem, type KnownAgent, type WorkflowProblem } from './workflow-problem.ts';

export interface ValidationOptions {
  /** The agents that exist, by name; absent: agents are not checked. */
  readonly agents?: ReadonlyMap<string, KnownAgent>;
}

export interface Validation {
  /** Absent when the data is no workflow at all. */
  readonly workflow: Workflow | undefined;
  /** Everything that is wrong; the run is refused for the first one. */
  readonly errors: readonly WorkflowProblem[];
  /** What is probably not meant; it can run. */
  readonly warnings: readonly WorkflowProblem[];
}

/**
 * Finds all that is wrong with a workflow at once, in an order in which the first problem is the one to mend first: its
 * fields, names, graph, references, and what agents are given. The same rules hold for its `workflows`.
 */
export function validateWorkflow(value: unknown, options: ValidationOptions = {}): Validation {
  const { workflow, problems } = parseShape(value);
  const found = workflow === undefined ? [] : flowsOf(workflow, options.agents).flatMap(checkFlow);
  const unused = workflow === undefined ? [] : checkUnused(workflow);
  const all = [...problems, ...found, ...unused];
  return {
    workflow,
    errors: all.filter(({ severity }) => severity === 'error'),
    warnings: all.filter(({ severity }) => severity === 'warning'),
  };
}

function checkFlow(flow: Flow): readonly WorkflowProblem[] {
  const names = checkNames(flow);
  const isClear = !names.some(({ path, severity }) => severity === 'error' && path.endsWith('.id'));
  const graph = isClear ? checkGraph(flow) : undefined;
  const plan = graph?.plan;
  const before = plan === undefined ? undefined : doneBefore(flow.workflow, plan);
  const atSuccess = plan === undefined || before === undefined ? undefined : doneAtSuccess(flow.workflow, plan, before);
  return [
    ...names,
    ...(graph?.problems ?? []),
    ...(plan === undefined ? [] : checkReachable(flow, plan)),
    ...checkReferences(flow, before, atSuccess),
    ...checkInputs(flow),
  ];
}

/** A workflow of `workflows` that nothing runs. */
function checkUnused(workflow: Workflow): readonly WorkflowProblem[] {
  const used = flowsOf(workflow, undefined).flatMap((flow) => placesOf(flow).map(({ node }) => node.subrun?.workflow));
  const names = Object.keys(workflow.workflows ?? {});
  if (used.some((name) => name !== undefined && !names.includes(name))) return []; // a misspelt name uses one of them
  return names
    .filter((name) => !used.includes(name))
    .map((name) =>
      problem('invalid_argument/workflow', {
        detail: `no subrun runs the workflow "${name}"`,
        path: at('workflows', name),
        severity: 'warning',
      }),
    );
}
