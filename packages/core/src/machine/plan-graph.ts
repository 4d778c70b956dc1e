import { VltairError, type Route, type Workflow, type WorkflowNode } from '@vltair/protocol';

/**
 * What the machine needs to know of a workflow's graph, worked out once when a run is created. Plain data.
 *
 * A node starts when all that it `needs` has succeeded and, if routes lead to it, one of them was taken. A route back
 * leads to a node that dominates its source: one that is always done before. What lies between is the loop region,
 * which gains a visit as a unit.
 */
export interface GraphPlan {
  /** Every node after all that lead to it; ties in the order of the definition. */
  readonly order: readonly string[];
  /** Sources of the routes that lead forward to a node, in order. */
  readonly routedFrom: Readonly<Record<string, readonly string[]>>;
  readonly regions: readonly LoopRegion[];
  /** Latches that must have settled before a node outside of their region may start. */
  readonly waitsFor: Readonly<Record<string, readonly string[]>>;
}

export interface LoopRegion {
  /** The node that the route back leads to. */
  readonly head: string;
  /** The node whose route leads back. */
  readonly latch: string;
  /** Head, latch and everything between, sorted. */
  readonly nodes: readonly string[];
}

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'needs' | 'route';
}

/**
 * Checks the graph of a workflow and plans it.
 *
 * @throws VltairError `invalid_argument/duplicate_node`, `/unknown_node`, `/graph_cycle`, `/route_not_dominating` or `/workflow`, naming the nodes.
 */
export function planGraph(workflow: Workflow): GraphPlan {
  checkNames(workflow);
  const edges = edgesOf(workflow.nodes);
  const ids = workflow.nodes.map((node) => node.id);
  const backward = findBackEdges(ids, edges);
  const forward = edges.filter((edge) => !backward.has(edge));
  const order = topologicalOrder(ids, forward);
  const regions = [...backward].map((edge) => regionOf(edge, forward, dominators(order, forward)));
  return {
    order,
    routedFrom: Object.fromEntries(
      ids.map((id) => [id, sourcesOf(forward.filter((edge) => edge.kind === 'route' && edge.to === id))]),
    ),
    regions,
    waitsFor: Object.fromEntries(ids.map((id) => [id, latchesBefore(id, forward, regions)])),
  };
}

function checkNames(workflow: Workflow): void {
  const seen = new Set<string>();
  for (const { id } of workflow.nodes) {
    if (seen.has(id)) throw new VltairError('invalid_argument/duplicate_node', { detail: id, where: `nodes.${id}` });
    if (id === 'input') throw new VltairError('invalid_argument/workflow', { detail: '"input" names the run input' });
    seen.add(id);
  }
  for (const node of workflow.nodes) {
    for (const need of node.needs) checkKnown(need, seen, `nodes.${node.id}.needs`);
    for (const route of node.routes) if ('to' in route) checkKnown(route.to, seen, `nodes.${node.id}.routes`);
    checkSignals(node);
  }
}

function checkKnown(id: string, known: ReadonlySet<string>, where: string): void {
  if (!known.has(id)) throw new VltairError('invalid_argument/unknown_node', { detail: id, where });
}

function checkSignals(node: WorkflowNode): void {
  const signals = node.routes.map((route) => route.on);
  const twice = signals.find((signal, index) => signals.indexOf(signal) !== index);
  if (twice === undefined) return;
  const where = `nodes.${node.id}.routes`;
  throw new VltairError('invalid_argument/workflow', { detail: `two routes of ${node.id} are on ${twice}`, where });
}

function edgesOf(nodes: readonly WorkflowNode[]): readonly Edge[] {
  const needs = nodes.flatMap((node) => node.needs.map((from): Edge => ({ from, to: node.id, kind: 'needs' })));
  const routes = nodes.flatMap((node) => node.routes.flatMap((route) => routeEdge(node.id, route)));
  return [...needs, ...routes];
}

function routeEdge(from: string, route: Route): readonly Edge[] {
  return 'to' in route ? [{ from, to: route.to, kind: 'route' }] : [];
}

/**
 * The routes that close a circle, found by a depth-first walk from the entries. For a graph whose loops have one entry
 * each the result does not depend on the order of the walk; for others the dominator check refuses.
 */
function findBackEdges(ids: readonly string[], edges: readonly Edge[]): ReadonlySet<Edge> {
  const backward = new Set<Edge>();
  const state = new Map<string, 'open' | 'closed'>();
  const walk = (id: string, path: readonly string[]): void => {
    state.set(id, 'open');
    for (const edge of edges) {
      if (edge.from !== id) continue;
      if (state.get(edge.to) === undefined) walk(edge.to, [...path, edge.to]);
      else if (state.get(edge.to) === 'open') closeCircle(edge, path, backward);
    }
    state.set(id, 'closed');
  };
  for (const id of entriesOf(ids, edges)) if (state.get(id) === undefined) walk(id, [id]);
  return backward;
}

function closeCircle(edge: Edge, path: readonly string[], backward: Set<Edge>): void {
  if (edge.kind === 'needs') throw cycleError([...path.slice(path.indexOf(edge.to)), edge.to]);
  backward.add(edge);
}

/** Nodes that nothing leads to; then, while some are out of reach, the first that needs nothing: a loop whose head is the start. */
function entriesOf(ids: readonly string[], edges: readonly Edge[]): readonly string[] {
  const entries = ids.filter((id) => !edges.some((edge) => edge.to === id));
  for (;;) {
    const reached = reach(entries, edges);
    const missing = ids.filter((id) => !reached.has(id));
    if (missing.length === 0) return entries;
    const head = missing.find((id) => !edges.some((edge) => edge.to === id && edge.kind === 'needs'));
    if (head === undefined) throw cycleError(circleWithin(missing, edges));
    entries.push(head);
  }
}

function reach(starts: readonly string[], edges: readonly Edge[]): ReadonlySet<string> {
  const reached = new Set(starts);
  for (const id of reached) for (const edge of edges) if (edge.from === id) reached.add(edge.to);
  return reached;
}

/** Some circle of needs among nodes each of which needs another of them. */
function circleWithin(ids: readonly string[], edges: readonly Edge[]): readonly string[] {
  const path: string[] = [];
  let current = ids[0];
  while (current !== undefined && !path.includes(current)) {
    path.push(current);
    const id: string = current;
    current = edges.find((edge) => edge.to === id && edge.kind === 'needs' && ids.includes(edge.from))?.from;
  }
  return current === undefined ? path : [...path.slice(path.indexOf(current)), current].reverse();
}

function cycleError(circle: readonly string[]): VltairError {
  return new VltairError('invalid_argument/graph_cycle', {
    detail: circle.join(' -> '),
    where: `nodes.${circle[0] ?? ''}`,
  });
}

function topologicalOrder(ids: readonly string[], forward: readonly Edge[]): readonly string[] {
  const order: string[] = [];
  const done = new Set<string>();
  while (order.length < ids.length) {
    const next = ids.find((id) => !done.has(id) && forward.every((edge) => edge.to !== id || done.has(edge.from)));
    if (next === undefined) throw cycleError(ids.filter((id) => !done.has(id)));
    done.add(next);
    order.push(next);
  }
  return order;
}

/**
 * For each node, the nodes that are always done before it: all that lead to each of its needs, and what is common to
 * all of its routes, since a node waits for every need but for one route only.
 */
function dominators(order: readonly string[], forward: readonly Edge[]): ReadonlyMap<string, ReadonlySet<string>> {
  const result = new Map<string, ReadonlySet<string>>();
  for (const id of order) {
    const of = (edge: Edge): ReadonlySet<string> => result.get(edge.from) ?? new Set();
    const incoming = forward.filter((edge) => edge.to === id);
    const needed = incoming.filter((edge) => edge.kind === 'needs').map(of);
    const routed = incoming.filter((edge) => edge.kind === 'route').map(of);
    const common = routed.reduce<ReadonlySet<string> | undefined>(
      (sum, set) => sum?.intersection(set) ?? set,
      undefined,
    );
    const all = [...needed, common ?? new Set<string>()].reduce<ReadonlySet<string>>(
      (sum, set) => sum.union(set),
      new Set(),
    );
    result.set(id, new Set([...all, id]));
  }
  return result;
}

function regionOf(
  back: Edge,
  forward: readonly Edge[],
  dominatorsOf: ReadonlyMap<string, ReadonlySet<string>>,
): LoopRegion {
  if (dominatorsOf.get(back.from)?.has(back.to) !== true) {
    const detail = `${back.from} -> ${back.to}`;
    throw new VltairError('invalid_argument/route_not_dominating', { detail, where: `nodes.${back.from}.routes` });
  }
  const after = reach([back.to], forward);
  const before = reach(
    [back.from],
    forward.map(({ from, to, kind }) => ({ from: to, to: from, kind })),
  );
  return { head: back.to, latch: back.from, nodes: [...after.intersection(before)].toSorted() };
}

function latchesBefore(id: string, forward: readonly Edge[], regions: readonly LoopRegion[]): readonly string[] {
  const sources = sourcesOf(forward.filter((edge) => edge.to === id));
  const left = regions.filter(({ nodes }) => !nodes.includes(id) && sources.some((source) => nodes.includes(source)));
  return [...new Set(left.map((region) => region.latch))].toSorted();
}

function sourcesOf(edges: readonly Edge[]): readonly string[] {
  return [...new Set(edges.map((edge) => edge.from))];
}
