import type { Workflow, WorkflowNode } from '@vltair/protocol';
import { at, type KnownAgent } from './workflow-problem.ts';

/** One graph of a workflow file: the workflow itself, or one of its `workflows`, which see each other. */
export interface Flow {
  /** Where it stands: empty for the workflow itself. */
  readonly path: string;
  readonly workflow: Workflow;
  /** By name; absent: agents are not checked. */
  readonly agents: ReadonlyMap<string, KnownAgent> | undefined;
}

/** A node and where it stands. */
export interface Place {
  readonly node: WorkflowNode;
  readonly path: string;
  readonly isCleanup: boolean;
}

export function flowsOf(workflow: Workflow, agents: Flow['agents']): readonly Flow[] {
  const { workflows = {} } = workflow;
  const children = Object.entries(workflows).map(([name, child]): Flow => {
    return { path: at('workflows', name), workflow: { ...child, name, workflows }, agents };
  });
  return [{ path: '', workflow, agents }, ...children];
}

export function placesOf({ path, workflow }: Flow): readonly Place[] {
  return [
    ...workflow.nodes.map((node, index) => ({ node, path: at(path, 'nodes', index), isCleanup: false })),
    ...(workflow.finally ?? []).map((node, index) => ({ node, path: at(path, 'finally', index), isCleanup: true })),
  ];
}
