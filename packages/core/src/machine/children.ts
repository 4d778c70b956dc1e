import { type DecisionOf, type Json } from '@vltair/protocol';
import { changeNode } from './change-node.ts';
import { definitionOf, itemPath, taskPath, undoPath } from './definition.ts';
import { findNode, nodeOf, unvisited, type ChildOrigin, type NodeState, type RunState } from './run-state.ts';
import { fillTemplates } from './template.ts';

/** The fold of how nodes get children: the items of a map, the tasks of a result, what undoes a visit. */
export function addItems(state: RunState, { node: path, visit }: DecisionOf<'map.expanded'>): RunState {
  const items = itemsOf(state, path) ?? [];
  const origins = items.map((item, index): ChildOrigin => ({ kind: 'item', of: path, index, item }));
  return join(state, path, visit, new Map(origins.map((origin, index) => [itemPath(path, index), origin])));
}

/** The list that a mapped node goes over; `undefined` when its template gives none. @throws VltairError `invalid_argument/template` */
export function itemsOf(state: RunState, path: string): readonly Json[] | undefined {
  const over = definitionOf(state, path).map?.over;
  const items = over === undefined ? undefined : fillTemplates(over, state, path);
  return Array.isArray(items) ? (items as readonly Json[]) : undefined;
}

export function addTasks(state: RunState, { node: path, visit }: DecisionOf<'tasks.added'>): RunState {
  const { outcome } = nodeOf(state, path);
  const payload = outcome?.kind === 'result' ? outcome.result.payload : undefined;
  const origins = (payload?.newTasks ?? []).map(({ agent = '', payload: { action, ...input } }, index): ChildOrigin => {
    return { kind: 'task', of: path, index, task: { agent, action, input } };
  });
  const joined = join(state, path, visit, new Map(origins.map((origin, index) => [taskPath(path, index), origin])));
  return changeNode(joined, path, (node) => ({ ...node, result: payload, outcome: undefined }));
}

/** The youngest visit that is left to undo gets its compensation. */
export function addUndo(state: RunState, { node: path, visit }: DecisionOf<'compensation.started'>): RunState {
  const undone = state.undo.findLast((entry) => entry.node === path && entry.visit === visit);
  if (undone === undefined) return state;
  const item = undone.item === undefined ? {} : { item: undone.item };
  const node: NodeState = {
    ...unvisited,
    visit: visit - 1,
    floor: visit - 1,
    origin: { kind: 'undo', of: path, undone: undone.result, ...item },
  };
  const undo = state.undo.filter((entry) => entry !== undone);
  const undoing = undoPath(path, visit);
  const paths = state.paths.includes(undoing) ? state.paths : [...state.paths, undoing];
  return { ...state, undo, paths, nodes: { ...state.nodes, [undoing]: node } };
}

/** The node, and everything below it, without its children: it starts over. */
export function withoutChildren(state: RunState, path: string): RunState {
  const gone = new Set(descendantsOf(state, path));
  if (gone.size === 0) return state;
  const nodes = Object.fromEntries(Object.entries(state.nodes).filter(([known]) => !gone.has(known)));
  return { ...state, nodes, paths: state.paths.filter((known) => !gone.has(known)) };
}

function descendantsOf(state: RunState, path: string): readonly string[] {
  const children = findNode(state, path)?.children ?? [];
  return children.flatMap((child) => [child, ...descendantsOf(state, child)]);
}

function join(state: RunState, path: string, visit: number, origins: ReadonlyMap<string, ChildOrigin>): RunState {
  const children = [...origins.keys()];
  const made = [...origins].map(([child, origin]) => [child, { ...unvisited, visit: visit - 1, origin }] as const);
  const index = state.paths.indexOf(path) + 1;
  const joined = changeNode(state, path, (node) => ({ ...node, status: 'joining', visit, children }));
  return {
    ...joined,
    nodes: { ...joined.nodes, ...Object.fromEntries(made) },
    paths: state.paths.toSpliced(index === 0 ? state.paths.length : index, 0, ...children),
  };
}
