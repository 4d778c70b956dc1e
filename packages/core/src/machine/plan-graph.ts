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
  /** Latches that must have settled for good before a node outside of their region may start. */
  readonly waitsFor: Readonly<Record<string, readonly string[]>>;
  /** The `finally` nodes, every node after those that it needs. */
  readonly cleanup: readonly string[];
}

export interface LoopRegion {
  /** The node that the route back leads to. */
  readonly head: string;
  /** The nodes whose routes lead back, in order. */
  readonly latches: readonly string[];
  /** The head and all that leads back to it, sorted: also a latch of an inner loop, by way of its own route back. */
  readonly nodes: readonly string[];
}

/** Names that templates and conditions give a meaning of their own: no node may have one. */
export const reservedNames: readonly string[] = ['input', 'item', 'index', 'nodes', 'run'];

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'needs' | 'route';
}

/** A workflow does not change: those that share it share its plan. */
const plans = new WeakMap<Workflow, GraphPlan>();

/**
 * Checks the graph of a workflow and plans it.
 *
 * @throws VltairError `invalid_argument/duplicate_node`, `/unknown_node`, `/graph_cycle`, `/route_not_dominating` or `/workflow`, naming the nodes.
 */
export function planGraph(workflow: Workflow): GraphPlan {
  const plan = plans.get(workflow) ?? makePlan(workflow);
  plans.set(workflow, plan);
  return plan;
}

function makePlan(workflow: Workflow): GraphPlan {
  checkNames(workflow);
  const ids = workflow.nodes.map((node) => node.id);
  const edges = edgesOf(workflow.nodes);
  const backward = findBackEdges(ids, edges);
  const forward = edges.filter((edge) => !backward.has(edge));
  const order = topologicalOrder(ids, forward);
  const regions = order
    .filter((id) => [...backward].some((edge) => edge.to === id))
    .map((head) => regionOf(head, order, forward, backward));
  return {
    order,
    routedFrom: Object.fromEntries(
      ids.map((id) => [id, sourcesOf(forward.filter((edge) => edge.kind === 'route' && edge.to === id))]),
    ),
    regions,
    waitsFor: Object.fromEntries(ids.map((id) => [id, latchesBefore(id, forward, regions)])),
    cleanup: planCleanup(workflow.finally ?? []),
  };
}

/** The nodes that can only run after one of these: what has to start over with them. */
export function downstreamOf({ nodes }: Workflow, ids: Iterable<string>): ReadonlySet<string> {
  return reach(ids, edgesOf(nodes));
}

function planCleanup(nodes: readonly WorkflowNode[]): readonly string[] {
  const edges = edgesOf(nodes);
  const ids = nodes.map(({ id }) => id);
  const circle = ids.find((id) => edges.some(({ from, to }) => from === id && reach([to], edges).has(id)));
  if (circle !== undefined) throw cycleError(circleWithin(ids, edges));
  return topologicalOrder(ids, edges);
}

function checkNames(workflow: Workflow): void {
  const seen = new Set<string>();
  for (const { id } of [...workflow.nodes, ...(workflow.finally ?? [])]) {
    if (seen.has(id)) throw new VltairError('invalid_argument/duplicate_node', { detail: id, where: `nodes.${id}` });
    if (reservedNames.includes(id))
      throw new VltairError('invalid_argument/workflow', {
        detail: `"${id}" is a reserved name`,
        where: `nodes.${id}`,
      });
    seen.add(id);
  }
  checkEdges(workflow, workflow.nodes);
  checkEdges(workflow, workflow.finally ?? []);
  for (const node of workflow.finally ?? []) checkCleanupNode(node);
}

function checkEdges({ workflows }: Workflow, nodes: readonly WorkflowNode[]): void {
  const ids = new Set(nodes.map(({ id }) => id));
  for (const node of nodes) {
    for (const need of node.needs) checkKnown(need, ids, `nodes.${node.id}.needs`);
    for (const route of routesOf(node)) if ('to' in route) checkKnown(route.to, ids, `nodes.${node.id}.routes`);
    checkSignals(node);
    const child = node.subrun?.workflow;
    if (child !== undefined && !Object.hasOwn(workflows ?? {}, child))
      throw new VltairError('not_found/workflow', { detail: child, where: `nodes.${node.id}.subrun` });
  }
}

/** What runs at the very end runs once: nothing may lead back to it, and it leads nowhere else. */
function checkCleanupNode(node: WorkflowNode): void {
  const members = ['routes', 'map', 'onFailure', 'compensate', 'signal', 'approval', 'sleep'] as const;
  const unfit = members.find((member) => (member === 'routes' ? node.routes.length > 0 : node[member] !== undefined));
  if (unfit === undefined) return;
  const where = `finally.${node.id}.${unfit}`;
  throw new VltairError('invalid_argument/workflow', { detail: `a finally node has no ${unfit}`, where });
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
  const routes = nodes.flatMap((node) => routesOf(node).flatMap((route) => routeEdge(node.id, route)));
  return [...needs, ...routes];
}

/** With the one that a failure takes. */
function routesOf({ routes, onFailure }: WorkflowNode): readonly Route[] {
  const rescue = rescueRoute(onFailure);
  return rescue === undefined ? routes : [...routes, rescue];
}

/** The route that a failed node takes instead of failing the run. */
export function rescueRoute(onFailure: WorkflowNode['onFailure']): Extract<Route, { to: string }> | undefined {
  return typeof onFailure === 'object' ? { on: FAILURE_SIGNAL, to: onFailure.to } : undefined;
}

/** No agent can say this. */
const FAILURE_SIGNAL = '!failed';

function routeEdge(from: string, route: Route): readonly Edge[] {
  return 'to' in route ? [{ from, to: route.to, kind: 'route' }] : [];
}

/**
 * The routes that lead back to a node that is always done before their source. Without them nothing may lead round in a
 * circle: every loop has one entry.
 */
function findBackEdges(ids: readonly string[], edges: readonly Edge[]): ReadonlySet<Edge> {
  const incoming = Map.groupBy(edges, (edge) => edge.to);
  const walk = firstWalk(ids, edges, incoming);
  const dominating = dominators(walk, incoming);
  const backward = new Set(
    edges.filter(({ kind, from, to }) => kind === 'route' && dominating.get(from)?.has(to) === true),
  );
  const forward = edges.filter((edge) => !backward.has(edge));
  const position = new Map(walk.order.map((id, index) => [id, index]));
  const stray = forward
    .filter(({ from, to }) => (position.get(to) ?? 0) <= (position.get(from) ?? 0))
    .find(({ from, to }) => reach([to], forward).has(from));
  if (stray === undefined) return backward;
  const detail = `${stray.from} -> ${stray.to}`;
  throw new VltairError('invalid_argument/route_not_dominating', { detail, where: `nodes.${stray.from}.routes` });
}

interface Walk {
  /** Each node after all that it needs and, unless it is an entry, after one route that leads to it. */
  readonly order: readonly string[];
  readonly entries: ReadonlySet<string>;
}

/** One way in which every node can be reached. Where only a loop leads to its own head, the head is an entry. */
function firstWalk(
  ids: readonly string[],
  edges: readonly Edge[],
  incoming: ReadonlyMap<string, readonly Edge[]>,
): Walk {
  const reached = new Set<string>();
  const entries = new Set<string>();
  const hasNeeds = (id: string): boolean =>
    (incoming.get(id) ?? []).every(({ kind, from }) => kind === 'route' || reached.has(from));
  const isLedTo = (id: string): boolean => {
    const routes = (incoming.get(id) ?? []).filter(({ kind }) => kind === 'route');
    return routes.length === 0 || routes.some(({ from }) => reached.has(from));
  };
  while (reached.size < ids.length) {
    const missing = ids.filter((id) => !reached.has(id));
    const next = missing.filter((id) => hasNeeds(id) && isLedTo(id));
    for (const id of next) reached.add(id);
    if (next.length > 0) continue;
    const head = firstOfLoop(missing.filter(hasNeeds), edges);
    if (head === undefined) throw cycleError(circleWithin(missing, edges));
    entries.add(head);
    reached.add(head);
  }
  return { order: [...reached], entries };
}

/** The first that no other leads to, except round its own loop. */
function firstOfLoop(candidates: readonly string[], edges: readonly Edge[]): string | undefined {
  const after = new Map(candidates.map((id) => [id, reach([id], edges)]));
  return candidates.find((id) =>
    candidates.every((other) => after.get(other)?.has(id) !== true || after.get(id)?.has(other) === true),
  );
}

function reach(starts: Iterable<string>, edges: readonly Edge[]): ReadonlySet<string> {
  const outgoing = Map.groupBy(edges, (edge) => edge.from);
  const reached = new Set(starts);
  for (const id of reached) for (const edge of outgoing.get(id) ?? []) reached.add(edge.to);
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

/** @throws RangeError for a circle, which {@link findBackEdges} has ruled out. */
function topologicalOrder(ids: readonly string[], forward: readonly Edge[]): readonly string[] {
  const incoming = Map.groupBy(forward, (edge) => edge.to);
  const done = new Set<string>();
  while (done.size < ids.length) {
    const next = ids.find((id) => !done.has(id) && (incoming.get(id) ?? []).every(({ from }) => done.has(from)));
    if (next === undefined) throw new RangeError('the forward edges lead round in a circle');
    done.add(next);
  }
  return [...done];
}

/**
 * For each node, the nodes that are always done before it: all that lead to each of its needs, and what is common to
 * all of its routes, since a node waits for every need but for one route only. The greatest solution: a route back
 * takes nothing away.
 */
function dominators(
  { order, entries }: Walk,
  incoming: ReadonlyMap<string, readonly Edge[]>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const result = new Map<string, ReadonlySet<string>>();
  for (let changed = true; changed;) {
    changed = false;
    for (const id of order) {
      const next = dominatorsOf(id, entries.has(id) ? [] : routesTo(id, incoming), incoming, result);
      if (result.get(id)?.size === next.size) continue;
      result.set(id, next);
      changed = true;
    }
  }
  return result;
}

function routesTo(id: string, incoming: ReadonlyMap<string, readonly Edge[]>): readonly Edge[] {
  return (incoming.get(id) ?? []).filter(({ kind }) => kind === 'route');
}

function dominatorsOf(
  id: string,
  routes: readonly Edge[],
  incoming: ReadonlyMap<string, readonly Edge[]>,
  known: ReadonlyMap<string, ReadonlySet<string>>,
): ReadonlySet<string> {
  const all = new Set([id]);
  for (const { kind, from } of incoming.get(id) ?? []) {
    if (kind === 'needs') for (const dominator of known.get(from) ?? []) all.add(dominator);
  }
  const [first, ...others] = routes.map(({ from }) => known.get(from)).filter((set) => set !== undefined);
  const common = others.reduce((sum, set) => sum.intersection(set), first ?? new Set<string>());
  return all.union(common);
}

/** The natural loop of a head: what lies after it and leads to one of its latches without passing through it. */
function regionOf(
  head: string,
  order: readonly string[],
  forward: readonly Edge[],
  backward: ReadonlySet<Edge>,
): LoopRegion {
  const latches = order.filter((id) => [...backward].some((edge) => edge.from === id && edge.to === head));
  const inner = [...forward, ...backward].filter((edge) => edge.to !== head);
  const before = reach(
    latches,
    inner.map(({ from, to, kind }) => ({ from: to, to: from, kind })),
  );
  return { head, latches, nodes: [...reach([head], forward).intersection(before)].toSorted() };
}

/** Also the latches of loops that can bring one of those latches to run again. */
function latchesBefore(id: string, forward: readonly Edge[], regions: readonly LoopRegion[]): readonly string[] {
  const before = new Set(sourcesOf(forward.filter((edge) => edge.to === id)));
  const latches = new Set<string>();
  const others = regions.filter(({ nodes }) => !nodes.includes(id));
  for (const source of before) {
    for (const region of others) {
      if (!region.nodes.includes(source)) continue;
      for (const latch of region.latches) latches.add(latch);
      for (const latch of region.latches) before.add(latch);
    }
  }
  return [...latches].toSorted();
}

function sourcesOf(edges: readonly Edge[]): readonly string[] {
  return [...new Set(edges.map((edge) => edge.from))];
}
