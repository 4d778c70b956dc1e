import { kindOfNode, type Json, type JsonObject, type WorkflowNode } from '@vltair/protocol';
import type { ActionSchemas } from '../ports/agent.ts';
import type { Flow } from './flow.ts';

/** Fits every value. */
const ANYTHING: JsonObject = {};
const TEXT: JsonObject = { type: 'string' };

/** The signals that a node may end with; `undefined`: any. */
export function signalsOf(flow: Flow, node: WorkflowNode): readonly string[] | undefined {
  switch (kindOfNode(node)) {
    case 'sleep':
    case 'subrun':
      return ['success'];
    case 'signal':
      return node.signal?.expires === undefined ? ['received'] : ['received', 'expired'];
    case 'approval':
      return ['approved', ...refusalsOf(node)];
    case 'agent': {
      const signals = actionOf(flow, node)?.signals;
      return signals === undefined ? undefined : [...signals, ...refusalsOf(node)];
    }
  }
}

function refusalsOf({ approval }: WorkflowNode): readonly string[] {
  if (approval === undefined) return [];
  return approval.expires === undefined ? ['rejected'] : ['rejected', 'expired'];
}

export function actionOf(
  { agents }: Flow,
  { agent = '', action }: { readonly agent?: string; readonly action: string },
): ActionSchemas | undefined {
  const actions = agents?.get(agent)?.actions;
  return actions !== undefined && Object.hasOwn(actions, action) ? actions[action] : undefined;
}

/** JSON Schema of what `{{node...}}` stands for. A compensation refers to its own node in the same way. */
export function valueSchema(flow: Flow, node: WorkflowNode): JsonObject {
  const failure = closed({ code: TEXT, reason: TEXT, message: TEXT });
  const task = closed({ signal: TEXT, output: ANYTHING, artifacts: ANYTHING });
  return closed({
    signal: TEXT,
    output: node.map === undefined ? outputSchema(flow, node) : resultsOf(outputSchema(flow, node)),
    artifacts: { type: 'object' },
    failure,
    tasks: { type: 'array', items: task },
  });
}

function resultsOf(item: JsonObject): JsonObject {
  return closed({ results: { type: 'array', items: { anyOf: [item, { type: 'null' }] } } });
}

function outputSchema(flow: Flow, node: WorkflowNode): JsonObject {
  switch (kindOfNode(node)) {
    case 'sleep':
      return closed({});
    case 'signal':
      return closed({ data: node.signal?.form ?? ANYTHING, by: TEXT });
    case 'approval':
      return closed({ by: { type: ['string', 'null'] }, comment: { type: ['string', 'null'] } });
    case 'subrun': {
      const child = flow.workflow.workflows?.[node.subrun?.workflow ?? ''];
      return child === undefined ? ANYTHING : closed(mapMembers(child.output ?? {}, () => ANYTHING));
    }
    case 'agent':
      return actionOf(flow, node)?.output ?? ANYTHING;
  }
}

/** What `{{input...}}` stands for: of a workflow that says what it takes, nothing else. */
export function inputSchema({ workflow: { input } }: Flow): JsonObject {
  return input === undefined ? ANYTHING : { additionalProperties: false, ...input };
}

/** What `{{run...}}` stands for; the ending is known to `finally` nodes alone. */
export function runSchema(isCleanup: boolean): JsonObject {
  const always = { id: TEXT, traceId: TEXT, title: TEXT };
  return closed(isCleanup ? { ...always, ending: TEXT } : always);
}

function closed(properties: JsonObject): JsonObject {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

function mapMembers(value: JsonObject, change: (member: Json) => Json): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, change(member)]));
}
