import type { Workflow, WorkflowNode } from '@vltair/protocol';
import { rescueRoute, type GraphPlan } from '../machine/plan-graph.ts';

/** By node: the nodes that have given a result whenever it starts. */
export type DoneBefore = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * A node that needs another starts only when that has succeeded, except where it tolerates that it did not. Of the nodes
 * that routes lead from, one was done: what is common to all of these ways is certain. Routes back add nothing, since
 * their sources come after the node itself.
 */
export function doneBefore({ nodes }: Workflow, plan: GraphPlan): DoneBefore {
  const table = new Map(nodes.map((node) => [node.id, node]));
  const done = new Map<string, ReadonlySet<string>>();
  for (const id of plan.order) {
    const node = table.get(id);
    if (node === undefined) continue;
    const needed = node.needs.filter((need) => node.tolerates?.includes(need) !== true);
    const sets = needed.map((need) => withItself(need, done));
    const ways = (plan.routedFrom[id] ?? []).map((source) => wayFrom(table.get(source), id, done));
    done.set(id, union([...sets, ...(ways.length === 0 ? [] : [intersection(ways)])]));
  }
  return done;
}

/** What has given a result whenever the run succeeds. */
export function doneAtSuccess({ nodes }: Workflow, plan: GraphPlan, before: DoneBefore): ReadonlySet<string> {
  const certain = new Set<string>();
  const table = new Map(nodes.map((node) => [node.id, node]));
  for (const id of plan.order) {
    const node = table.get(id);
    const isRouted = (plan.routedFrom[id] ?? []).length > 0;
    if (node === undefined || node.when !== undefined || isRouted || mayFail(node)) continue;
    const strict = node.needs.filter((need) => node.tolerates?.includes(need) !== true);
    if (strict.every((need) => certain.has(need) || !table.has(need))) certain.add(id);
  }
  const early = nodes.filter(({ routes }) => routes.some((route) => 'end' in route && route.end === 'succeeded'));
  const ends = early.map(({ id }) => withItself(id, before));
  return intersection(early.length > 0 && early.every(endsByRoute) ? ends : [certain, ...ends]);
}

/** The run can succeed although the node does not. A map that goes on joins whatever its children gave. */
function mayFail({ onFailure, map }: WorkflowNode): boolean {
  return onFailure !== undefined && !(onFailure === 'continue' && map !== undefined);
}

/** Nothing follows from the node but what its routes say. */
function endsByRoute({ routes }: WorkflowNode): boolean {
  return routes.every((route) => 'end' in route || route.on !== '*');
}

/** A failed source gave nothing. */
function wayFrom(source: WorkflowNode | undefined, to: string, done: DoneBefore): ReadonlySet<string> {
  if (source === undefined) return new Set();
  const isRescue = rescueRoute(source.onFailure)?.to === to;
  return isRescue ? (done.get(source.id) ?? new Set()) : withItself(source.id, done);
}

function withItself(id: string, done: DoneBefore): ReadonlySet<string> {
  return new Set([id, ...(done.get(id) ?? [])]);
}

function union(sets: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  return new Set(sets.flatMap((set) => [...set]));
}

function intersection(sets: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  const [first = new Set<string>(), ...others] = sets;
  return others.reduce((common, set) => common.intersection(set), first);
}
