import { reservedNames } from '../machine/plan-graph.ts';
import { checkForm } from '../machine/signal-form.ts';
import { placesOf, type Flow, type Place } from './flow.ts';
import { nearestName } from './nearest-name.ts';
import { signalsOf } from './given-values.ts';
import { at, problem, type WorkflowProblem } from './workflow-problem.ts';
import { canonicalJson, VltairError, type JsonObject } from '@vltair/protocol';

/** What is wrong with names and single nodes: everything that can be told without the graph. */
export function checkNames(flow: Flow): readonly WorkflowProblem[] {
  const places = placesOf(flow);
  return [
    ...checkIds(places),
    ...places.flatMap((place) => [
      ...checkEdges(flow, place),
      ...checkAgents(flow, place),
      ...checkSubrun(flow, place),
      ...checkRoutes(flow, place),
      ...checkSignalForm(place),
      ...(place.isCleanup ? checkCleanup(place) : []),
    ]),
    ...checkSchema(flow.workflow.input, at(flow.path, 'input'), 'input'),
    ...checkSharedSignals(places),
    ...checkTaskAgents(flow),
    ...checkSize(flow),
  ];
}

function checkIds(places: readonly Place[]): readonly WorkflowProblem[] {
  const seen = new Set<string>();
  return places.flatMap(({ node: { id }, path }) => {
    if (seen.has(id)) return [problem('invalid_argument/duplicate_node', { detail: id, path: at(path, 'id') })];
    seen.add(id);
    if (!reservedNames.includes(id)) return [];
    return [problem('invalid_argument/workflow', { detail: `"${id}" is a reserved name`, path: at(path, 'id') })];
  });
}

/** A node and a cleanup node cannot lead to each other. */
function checkEdges(flow: Flow, place: Place): readonly WorkflowProblem[] {
  const { node, path, isCleanup } = place;
  const places = placesOf(flow);
  const ids = places.filter((other) => other.isCleanup === isCleanup).map((other) => other.node.id);
  const unknown = (id: string, where: string): readonly WorkflowProblem[] => {
    if (ids.includes(id)) return [];
    const isElsewhere = places.some((other) => other.node.id === id);
    const detail = isElsewhere ? `${id} ${isCleanup ? 'is not' : 'is'} among the finally nodes` : id;
    const suggestion = isElsewhere ? undefined : nearestName(id, ids);
    return [problem('invalid_argument/unknown_node', { detail, path: where, suggestion })];
  };
  const { onFailure } = node;
  return [
    ...node.needs.flatMap((need, index) => unknown(need, at(path, 'needs', index))),
    ...node.routes.flatMap((route, index) => ('to' in route ? unknown(route.to, at(path, 'routes', index, 'to')) : [])),
    ...(typeof onFailure === 'object' ? unknown(onFailure.to, at(path, 'onFailure', 'to')) : []),
  ];
}

function checkAgents(flow: Flow, { node, path }: Place): readonly WorkflowProblem[] {
  const { agent, action, compensate } = node;
  return [
    ...(agent === undefined ? [] : checkAgent(flow, { agent, action }, path)),
    ...(compensate === undefined ? [] : checkAgent(flow, compensate, at(path, 'compensate'))),
  ];
}

function checkAgent(
  { agents }: Flow,
  { agent, action }: { readonly agent: string; readonly action: string },
  path: string,
): readonly WorkflowProblem[] {
  if (agents === undefined) return [];
  const known = agents.get(agent);
  if (known === undefined) return [unknownAgent(agent, agents, at(path, 'agent'))];
  const actions = Object.keys(known.actions ?? {});
  if (known.actions === undefined || actions.includes(action)) return [];
  const detail = `${agent} takes ${actions.join(', ')}, not "${action}"`;
  const suggestion = nearestName(action, actions);
  return [problem('invalid_argument/agent_input', { detail, path: at(path, 'action'), suggestion })];
}

function unknownAgent(agent: string, agents: ReadonlyMap<string, unknown>, path: string): WorkflowProblem {
  const suggestion = nearestName(agent, agents.keys());
  return problem('invalid_argument/unknown_agent', { detail: agent, path, suggestion });
}

function checkTaskAgents({ path, workflow, agents }: Flow): readonly WorkflowProblem[] {
  return (workflow.taskAgents ?? []).flatMap((agent, index) =>
    agents === undefined || agents.has(agent) ? [] : [unknownAgent(agent, agents, at(path, 'taskAgents', index))],
  );
}

function checkSubrun({ workflow }: Flow, { node, path }: Place): readonly WorkflowProblem[] {
  const child = node.subrun?.workflow;
  const names = Object.keys(workflow.workflows ?? {});
  if (child === undefined || names.includes(child)) return [];
  const suggestion = nearestName(child, names);
  return [problem('not_found/workflow', { detail: child, path: at(path, 'subrun', 'workflow'), suggestion })];
}

function checkRoutes(flow: Flow, { node, path }: Place): readonly WorkflowProblem[] {
  const given = signalsOf(flow, node);
  return node.routes.flatMap(({ on }, index) => {
    const where = at(path, 'routes', index, 'on');
    if (node.routes.findIndex((route) => route.on === on) !== index)
      return [problem('invalid_argument/workflow', { detail: `two routes of ${node.id} are on "${on}"`, path: where })];
    if (on === '*' || given === undefined || given.includes(on)) return [];
    const detail = `${node.id} never gives the signal "${on}", only ${given.join(', ')}`;
    return [problem('invalid_argument/workflow', { detail, path: where, suggestion: nearestName(on, given) })];
  });
}

function checkSignalForm({ node, path }: Place): readonly WorkflowProblem[] {
  return checkSchema(node.signal?.form, at(path, 'signal', 'form'), 'form');
}

/** A message goes to the first node that waits for its name: nodes that share one have to take the same. */
function checkSharedSignals(places: readonly Place[]): readonly WorkflowProblem[] {
  const forms = new Map<string, { readonly id: string; readonly form: string }>();
  return places.flatMap(({ node, path }) => {
    if (node.signal === undefined) return [];
    const { name = node.id, form = {} } = node.signal;
    const first = forms.get(name) ?? { id: node.id, form: canonicalJson(form) };
    forms.set(name, first);
    if (first.form === canonicalJson(form)) return [];
    const detail = `${first.id} and ${node.id} wait for the signal "${name}" with different forms`;
    return [problem('invalid_argument/workflow', { detail, path: at(path, 'signal') })];
  });
}

function checkSchema(
  schema: JsonObject | undefined,
  where: string,
  what: 'form' | 'input',
): readonly WorkflowProblem[] {
  if (schema === undefined) return [];
  try {
    checkForm(schema, where, what);
    return [];
  } catch (error) {
    if (!(error instanceof VltairError)) throw error;
    return [{ severity: 'error', reason: error.reason, message: error.message, path: where }];
  }
}

/** What runs at the very end runs once: nothing may lead back to it, and it leads nowhere else. */
function checkCleanup({ node, path }: Place): readonly WorkflowProblem[] {
  const members = ['map', 'onFailure', 'compensate', 'signal', 'approval', 'sleep'] as const;
  const unfit = [...(node.routes.length > 0 ? ['routes'] : []), ...members.filter((name) => node[name] !== undefined)];
  return unfit.map((name) =>
    problem('invalid_argument/workflow', { detail: `a finally node has no ${name}`, path: at(path, name) }),
  );
}

function checkSize({ path, workflow }: Flow): readonly WorkflowProblem[] {
  const total = workflow.nodes.length + (workflow.finally ?? []).length;
  const { maxNodes } = workflow;
  const tooMany = maxNodes !== undefined && total > maxNodes;
  const lists = workflow.nodes.flatMap(({ map }, index) => {
    if (map === undefined || typeof map.over === 'string' || map.over.length <= map.maxItems) return [];
    const detail = `${map.over.length} of at most ${map.maxItems}`;
    return [problem('invalid_argument/map_items', { detail, path: at(path, 'nodes', index, 'map', 'over') })];
  });
  if (!tooMany) return lists;
  return [
    problem('resource_exhausted/nodes', { detail: `${total} of ${maxNodes}`, path: at(path, 'maxNodes') }),
    ...lists,
  ];
}
