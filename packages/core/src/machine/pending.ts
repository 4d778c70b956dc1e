import { PROTOCOL_VERSION, type AgentTask, type AttemptRef, type JsonObject } from '@vltair/protocol';
import { definitionOf, hasEnded, nodeOf, type NodeState, type RunState } from './run-state.ts';
import { fillTemplates } from './template.ts';

/** Work that should be in flight in a state. */
export type Activity =
  | {
      readonly kind: 'attempt';
      readonly ref: AttemptRef;
      readonly incarnation: number;
      /** Not before this time. */
      readonly dueTs: number;
      readonly task: AgentTask;
      readonly tree: string | undefined;
    }
  | { readonly kind: 'stop'; readonly ref: AttemptRef }
  | { readonly kind: 'node_deadline'; readonly node: string; readonly visit: number; readonly dueTs: number }
  | { readonly kind: 'run_deadline'; readonly dueTs: number };

/**
 * What should be in flight. The runtime compares this with what is, and starts or stops the difference; recovery after
 * a crash is the same comparison with nothing in flight.
 */
export function pending(state: RunState): readonly Activity[] {
  if (hasEnded(state)) return [];
  const activities = state.workflow.nodes.flatMap(({ id }) => nodeActivities(state, id, nodeOf(state, id)));
  return state.deadlineTs === undefined
    ? activities
    : [...activities, { kind: 'run_deadline', dueTs: state.deadlineTs }];
}

/** One name per activity: equal keys are the same work. */
export function activityKey(activity: Activity): string {
  switch (activity.kind) {
    case 'attempt':
      return `attempt ${refKey(activity.ref)} i${activity.incarnation}`;
    case 'stop':
      return `stop ${refKey(activity.ref)}`;
    case 'node_deadline':
      return `deadline ${activity.node}#${activity.visit}`;
    case 'run_deadline':
      return 'deadline';
  }
}

export function refKey(ref: AttemptRef): string {
  return `${ref.node}#${ref.visit} a${ref.attempt}`;
}

function nodeActivities(state: RunState, id: string, node: NodeState): readonly Activity[] {
  const ref = { node: id, visit: node.visit, attempt: node.attempt };
  if (node.status === 'stopping') return [{ kind: 'stop', ref }];
  if (node.status !== 'scheduled') return [];
  const attempt: Activity = {
    kind: 'attempt',
    ref,
    incarnation: node.incarnation,
    dueTs: node.dueTs,
    task: taskOf(state, id, node),
    tree: node.tree,
  };
  if (node.deadlineTs === undefined) return [attempt];
  return [attempt, { kind: 'node_deadline', node: id, visit: node.visit, dueTs: node.deadlineTs }];
}

function taskOf(state: RunState, id: string, node: NodeState): AgentTask {
  const definition = definitionOf(state, id);
  const input = fillTemplates(definition.input, state) as JsonObject;
  return {
    type: 'AgentTask',
    id: `${state.run}:${id}#${node.visit}`,
    protocolVersion: PROTOCOL_VERSION,
    agent: definition.agent,
    payload: { ...input, action: definition.action },
    ...(definition.timeoutMs === undefined ? {} : { constraints: { timeoutMs: definition.timeoutMs } }),
    traceId: state.traceId,
  };
}
