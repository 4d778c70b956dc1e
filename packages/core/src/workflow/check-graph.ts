import { VltairError, type Route, type Workflow, type WorkflowNode } from '@vltair/protocol';
import { planGraph, type GraphPlan } from '../machine/plan-graph.ts';
import { placesOf, type Flow, type Place } from './flow.ts';
import { at, problem, type WorkflowProblem } from './workflow-problem.ts';

export interface CheckedGraph {
  /** Of the graph without the edges that are wrong; `undefined` when it cannot be planned. */
  readonly plan: GraphPlan | undefined;
  readonly problems: readonly WorkflowProblem[];
}

/** Circles and routes that do not lead to a dominator: each is told, then left out, so that the next one shows. */
export function checkGraph(flow: Flow): CheckedGraph {
  const problems: WorkflowProblem[] = [];
  let workflow = withoutUnknown(flow.workflow);
  for (let edges = countEdges(workflow); edges >= 0; edges -= 1) {
    try {
      return { plan: planGraph(workflow), problems };
    } catch (error) {
      if (!(error instanceof VltairError)) throw error;
      const edge = edgeNamedBy(error);
      if (edge === undefined) return { plan: undefined, problems };
      problems.push(tell(flow, error, edge));
      workflow = without(workflow, edge);
    }
  }
  return { plan: undefined, problems };
}

interface Edge {
  readonly kind: 'need' | 'route';
  readonly from: string;
  readonly to: string;
}

/** The edge that closes the circle, or the route that strays: the last two names of the error. */
function edgeNamedBy({ reason, message }: VltairError): Edge | undefined {
  const [to, from] = message
    .slice(message.indexOf(': ') + 2)
    .split(' -> ')
    .toReversed();
  if (from === undefined || to === undefined) return undefined;
  if (reason === 'invalid_argument/graph_cycle') return { kind: 'need', from, to };
  return reason === 'invalid_argument/route_not_dominating' ? { kind: 'route', from, to } : undefined;
}

function tell(flow: Flow, { reason, message }: VltairError, edge: Edge): WorkflowProblem {
  const holder = placesOf(flow).find(({ node }) => node.id === (edge.kind === 'need' ? edge.to : edge.from));
  const path = holder === undefined ? flow.path : edgePath(holder, edge);
  return { severity: 'error', reason, message, path };
}

function edgePath({ node, path }: Place, { kind, from, to }: Edge): string {
  if (kind === 'need') return at(path, 'needs', node.needs.indexOf(from));
  const route = node.routes.findIndex((candidate) => leadsTo(candidate, to));
  return route === -1 ? at(path, 'onFailure', 'to') : at(path, 'routes', route, 'to');
}

function leadsTo(route: Route, to: string): boolean {
  return 'to' in route && route.to === to;
}

function without(workflow: Workflow, edge: Edge): Workflow {
  const strip = (node: WorkflowNode): WorkflowNode => {
    if (edge.kind === 'need' && node.id === edge.to)
      return { ...node, needs: node.needs.filter((need) => need !== edge.from) };
    return edge.kind === 'route' && node.id === edge.from ? withoutRoutes(node, (to) => to === edge.to) : node;
  };
  return changed(workflow, strip);
}

function withoutRoutes({ onFailure, ...node }: WorkflowNode, isGone: (to: string) => boolean): WorkflowNode {
  const routes = node.routes.filter((route) => !('to' in route) || !isGone(route.to));
  const isLost = typeof onFailure === 'object' && isGone(onFailure.to);
  return { ...node, routes, ...(onFailure === undefined || isLost ? {} : { onFailure }) };
}

function changed(workflow: Workflow, change: (node: WorkflowNode) => WorkflowNode): Workflow {
  const { finally: cleanup } = workflow;
  const nodes = workflow.nodes.map(change);
  return { ...workflow, nodes, ...(cleanup === undefined ? {} : { finally: cleanup.map(change) }) };
}

/** What {@link checkNames} has told already does not hide what is wrong with the rest. */
function withoutUnknown(workflow: Workflow): Workflow {
  const known = (list: readonly WorkflowNode[]) => new Set(list.map(({ id }) => id));
  const [nodes, cleanup] = [known(workflow.nodes), known(workflow.finally ?? [])];
  const strip = (ids: ReadonlySet<string>) => (node: WorkflowNode) => {
    const { subrun, ...rest } = withoutRoutes(node, (to) => !ids.has(to));
    const isFound = subrun !== undefined && Object.hasOwn(workflow.workflows ?? {}, subrun.workflow);
    const once = rest.routes.filter(({ on }, index) => rest.routes.findIndex((route) => route.on === on) === index);
    return { ...rest, routes: once, needs: rest.needs.filter((need) => ids.has(need)), ...(isFound ? { subrun } : {}) };
  };
  const bare = ({ id, agent, action, input, needs, maxAttempts, maxVisits }: WorkflowNode): WorkflowNode => {
    return { id, ...(agent === undefined ? {} : { agent }), action, input, needs, maxAttempts, maxVisits, routes: [] };
  };
  return {
    ...workflow,
    nodes: workflow.nodes.map(strip(nodes)),
    ...(workflow.finally === undefined ? {} : { finally: workflow.finally.map(strip(cleanup)).map(bare) }),
  };
}

function countEdges({ nodes, finally: cleanup = [] }: Workflow): number {
  return [...nodes, ...cleanup].reduce((sum, { needs, routes }) => sum + needs.length + routes.length + 1, 0);
}

/** A warning for each node that needs two of which only one is ever run: a node follows one of its routes. */
export function checkReachable(flow: Flow, plan: GraphPlan): readonly WorkflowProblem[] {
  const places = new Map(placesOf(flow).map((place) => [place.node.id, place]));
  const branches = new Map<string, Branches>();
  const inLoop = new Set(plan.regions.flatMap(({ nodes }) => nodes));
  const problems: WorkflowProblem[] = [];
  for (const id of plan.order) {
    const place = places.get(id);
    if (place === undefined) continue;
    const sources = (plan.routedFrom[id] ?? []).filter((source) => !inLoop.has(source));
    const isOpen = (plan.routedFrom[id] ?? []).length !== sources.length;
    const ways = sources.map((source) => both(branches.get(source) ?? new Map(), new Map([[source, new Set([id])]])));
    const routed = isOpen || ways.length === 0 ? new Map<string, ReadonlySet<string>>() : ways.reduce(either);
    const strict = place.node.needs.filter((need) => place.node.tolerates?.includes(need) !== true);
    const needed = strict.map((need): Branches => branches.get(need) ?? new Map<string, ReadonlySet<string>>());
    const all = needed.reduce(both, routed);
    const choice = [...all].find(([, targets]) => targets.size === 0)?.[0];
    branches.set(id, choice === undefined ? all : new Map());
    if (choice === undefined) continue;
    const detail = `${id} can never start: what it needs lies behind different routes of ${choice}, which follows one only`;
    const path = at(place.path, strict.length === 0 ? 'id' : 'needs');
    problems.push(problem('invalid_argument/workflow', { detail, path, severity: 'warning' }));
  }
  return problems;
}

/** Of nodes that choose a route: the targets, one of which was taken if the node runs. */
type Branches = ReadonlyMap<string, ReadonlySet<string>>;

function both(left: Branches, right: Branches): Branches {
  const sources = new Set([...left.keys(), ...right.keys()]);
  const common = (source: string): ReadonlySet<string> => {
    const [first, second] = [left.get(source), right.get(source)];
    return first !== undefined && second !== undefined ? first.intersection(second) : (first ?? second ?? new Set());
  };
  return new Map([...sources].map((source) => [source, common(source)]));
}

function either(left: Branches, right: Branches): Branches {
  const shared = [...left.keys()].filter((source) => right.has(source));
  return new Map(
    shared.map((source) => [source, (left.get(source) ?? new Set()).union(right.get(source) ?? new Set())]),
  );
}
