import { PROTOCOL_VERSION, type AgentTask, type JsonObject } from '@vltair/protocol';
import { definitionOf } from './definition.ts';
import { nodeOf, type NodeState, type RunState } from './run-state.ts';
import { fillTemplates } from './template.ts';

/** What the node's agent is given. What an agent proposed as a task is data: text in it that looks like a template stays text. */
export function taskInput(state: RunState, path: string): JsonObject {
  const { input } = definitionOf(state, path);
  const isTask = nodeOf(state, path).origin?.kind === 'task';
  return isTask ? input : (fillTemplates(input, state, path) as JsonObject);
}

export function taskOf(state: RunState, path: string, node: NodeState): AgentTask {
  const { agent, action, timeoutMs } = definitionOf(state, path);
  return {
    type: 'AgentTask',
    id: `${state.run}:${path}#${node.visit}`,
    protocolVersion: PROTOCOL_VERSION,
    ...(agent === undefined ? {} : { agent }),
    payload: { ...taskInput(state, path), action },
    ...(timeoutMs === undefined ? {} : { constraints: { timeoutMs } }),
    traceId: state.traceId,
  };
}
