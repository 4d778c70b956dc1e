import { DEFAULT_MAX_NODES, type Workflow, type WorkflowNode } from '@vltair/protocol';
import { nodeOf, type ChildOrigin, type NodeState, type RunState } from './run-state.ts';

/**
 * Paths of nodes. A node of the workflow has its id. The children of a mapped node `review` are `review[0]`, `review[1]`
 * ..., the tasks that `plan` proposed are `plan+0` ..., what undoes the first visit of `charge` is
 * `charge.undo`, the second `charge.undo2`.
 */
export function itemPath(of: string, index: number): string {
  return `${of}[${index}]`;
}
export function taskPath(of: string, index: number): string {
  return `${of}+${index}`;
}
export function undoPath(of: string, visit: number): string {
  return visit === 1 ? `${of}.undo` : `${of}.undo${visit}`;
}

/** The node of the workflow that a path begins with. */
export function baseOf(path: string): string {
  return path.replace(/[[+.].*$/, '');
}

const tables = new WeakMap<Workflow, ReadonlyMap<string, WorkflowNode>>();
const items = new WeakMap<WorkflowNode, WorkflowNode>();

/** What the node at a path does. @throws RangeError for a path that the run does not have. */
export function definitionOf(state: RunState, path: string): WorkflowNode {
  const known = tableOf(state.workflow).get(path);
  if (known !== undefined) return known;
  const { origin } = nodeOf(state, path);
  if (origin === undefined) throw new RangeError(`workflow ${state.workflow.name} has no node ${path}`);
  return childDefinition(state, path, origin);
}

/** The node belongs to what the run does after it has settled on its ending. */
export function isCleanup(state: RunState, path: string, node: NodeState): boolean {
  return node.origin?.kind === 'undo' || (state.workflow.finally ?? []).some(({ id }) => id === path);
}

/** In the order in which the rules look at them. */
export function everyPath(state: RunState): readonly string[] {
  return state.plan.cleanup.length === 0 ? state.paths : [...state.paths, ...state.plan.cleanup];
}

export function maxNodesOf(workflow: Workflow): number {
  return workflow.maxNodes ?? DEFAULT_MAX_NODES;
}

function tableOf(workflow: Workflow): ReadonlyMap<string, WorkflowNode> {
  const known = tables.get(workflow);
  if (known !== undefined) return known;
  const table = new Map([...workflow.nodes, ...(workflow.finally ?? [])].map((node) => [node.id, node]));
  tables.set(workflow, table);
  return table;
}

function childDefinition(state: RunState, path: string, origin: ChildOrigin): WorkflowNode {
  // What undoes an item belongs to its node: the item may be gone, when a loop has started over.
  const of = definitionOf(state, origin.kind === 'undo' ? baseOf(origin.of) : origin.of);
  if (origin.kind === 'item') return itemDefinition(of);
  const bare = { id: path, needs: [], routes: [], maxVisits: 1, ...prioritised(of) };
  if (origin.kind === 'task') {
    const { agent, action, input } = origin.task;
    return { ...bare, agent, action, input, maxAttempts: of.maxAttempts, ...timed(of.timeoutMs) };
  }
  const undo = of.compensate ?? { agent: '', action: 'run', input: {}, maxAttempts: 1 };
  const { agent, action, input, maxAttempts, timeout } = undo;
  return { ...bare, agent, action, input, maxAttempts, ...timed(timeout) };
}

/** The mapped node without what belongs to it as a whole. */
function itemDefinition(of: WorkflowNode): WorkflowNode {
  const known = items.get(of);
  if (known !== undefined) return known;
  const { map: _map, when: _when, tolerates: _tolerates, ...rest } = of;
  const item: WorkflowNode = { ...rest, needs: [], routes: [], maxVisits: 1 };
  items.set(of, item);
  return item;
}

function prioritised({ priority }: WorkflowNode): Pick<WorkflowNode, 'priority'> {
  return priority === undefined ? {} : { priority };
}

function timed(timeoutMs: number | undefined): Pick<WorkflowNode, 'timeoutMs'> {
  return timeoutMs === undefined ? {} : { timeoutMs };
}
