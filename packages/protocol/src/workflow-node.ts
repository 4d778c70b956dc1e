import { z } from 'zod';
import { amountsSchema } from './amounts.ts';
import { parseDuration } from './duration.ts';
import { jsonObjectSchema, jsonSchema } from './envelopes.ts';
import { reasonSchema } from './failure-schema.ts';

export const nodeIdSchema = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,63}$/, { message: 'is not a node id (lower-case, digits, - and _)' });

/** Milliseconds, written as a duration such as `30s` or `1h30m`. */
export const durationSchema = z.string().transform((text, context) => {
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined && milliseconds > 0) return milliseconds;
  context.addIssue({ code: 'custom', message: `is not a duration such as 30s or 1h30m: ${text}` });
  return z.NEVER;
});
export const timeSpanSchema = z.union([z.int().positive(), durationSchema]);

export const routeSchema = z.union([
  z.strictObject({ on: z.string().min(1), to: nodeIdSchema }),
  z.strictObject({
    on: z.string().min(1),
    end: z.enum(['succeeded', 'failed']),
    /** Of a failed end: the entry of the error catalogue that the run fails with. */
    reason: reasonSchema.exactOptional(),
  }),
]);
/** What follows when a node is done with the signal `on`: another node, or the end of the run. */
export type Route = z.infer<typeof routeSchema>;

/** Waits for a message, or for a person's input when it has a form. */
export const signalSpecSchema = z.strictObject({
  /** What the sender names; default: the node's id. */
  name: nodeIdSchema.exactOptional(),
  /** JSON Schema of the data that is accepted. */
  form: jsonObjectSchema.exactOptional(),
  /** What the person is asked. */
  message: z.string().exactOptional(),
  /** How long it waits; then the node is done with the signal `expired`, or fails where no route takes that. */
  expires: timeSpanSchema.exactOptional(),
});
export type SignalSpec = z.infer<typeof signalSpecSchema>;

/** Asks people. Alone it is a node of its own; beside an agent it stands before the node's first attempt. */
export const approvalSpecSchema = z.strictObject({
  message: z.string().min(1),
  /** Who may answer; absent: anybody who can reach the store. */
  approvers: z.array(z.string().min(1)).min(1).exactOptional(),
  expires: timeSpanSchema.exactOptional(),
  /** How long before the expiry a warning is recorded. */
  warnBefore: timeSpanSchema.exactOptional(),
});
export type ApprovalSpec = z.infer<typeof approvalSpecSchema>;

/** Runs another workflow as a run of its own, on a budget that is set aside for it. */
export const subrunSpecSchema = z.strictObject({
  /** One of the root workflow's `workflows`. */
  workflow: nodeIdSchema,
  /** What is set aside for the child, and all that it can spend; absent in a dimension: the child's own limit. */
  budget: amountsSchema.exactOptional(),
});

/** One child of the node per item, joined in the order of the items. */
export const mapSpecSchema = z.strictObject({
  /** A list, or one template that gives a list. */
  over: z.union([z.string(), z.array(jsonSchema)]),
  maxItems: z.int().min(1).max(10_000).default(1_000),
  /** Children in flight at a time; absent: all. */
  concurrency: z.int().positive().exactOptional(),
});

/** Undoes a visit that succeeded, when the run does not. */
export const compensationSchema = z.strictObject({
  agent: z.string().min(1),
  action: z.string().min(1).default('run'),
  input: jsonObjectSchema.default({}),
  timeout: timeSpanSchema.exactOptional(),
  maxAttempts: z.int().min(1).max(100).default(3),
});

const onFailureSchema = z.union([z.literal('continue'), z.strictObject({ to: nodeIdSchema })]);

/** Ids of nodes; `a?` tolerates that `a` did not succeed. */
const needSchema = z.string().regex(/^[a-z][a-z0-9_-]{0,63}\??$/, { message: 'is not a node id, nor one with a ?' });

const nodeFields = {
  id: nodeIdSchema,
  agent: z.string().min(1).exactOptional(),
  action: z.string().min(1).default('run'),
  /** Waits that long; nothing is held meanwhile. */
  sleep: timeSpanSchema.exactOptional(),
  signal: signalSpecSchema.exactOptional(),
  approval: approvalSpecSchema.exactOptional(),
  subrun: subrunSpecSchema.exactOptional(),
  input: jsonObjectSchema.default({}),
  /** A CEL condition over `input`, `nodes` and the nodes by id; when it is false, the node is skipped. */
  when: z.string().min(1).exactOptional(),
  needs: z.array(needSchema).exactOptional(),
  dependsOn: z.array(needSchema).exactOptional(),
  routes: z.array(routeSchema).default([]),
  map: mapSpecSchema.exactOptional(),
  /** Absent: a failed node fails the run. `continue`: the run goes on, and what needs the node is skipped. */
  onFailure: onFailureSchema.exactOptional(),
  compensate: compensationSchema.exactOptional(),
  /** Of one visit, all attempts together; besides the run's. */
  budget: amountsSchema.exactOptional(),
  /** Attempts of all runs of the store whose key is equal run one after the other. May hold templates. */
  concurrencyKey: z.string().min(1).exactOptional(),
  /** Higher goes first among what is due. */
  priority: z.int().min(-100).max(100).exactOptional(),
  /** Bound of one visit, all attempts together: an absolute deadline from the first attempt on. */
  timeout: timeSpanSchema.exactOptional(),
  /** Attempts of one visit in all; only failures that the catalogue calls retryable are tried again. */
  maxAttempts: z.int().min(1).max(100).default(3),
  /** Visits of one run in all, where a route leads back to this node. */
  maxVisits: z.int().min(1).max(10_000).default(1),
};

type NodeFields = z.output<z.ZodObject<typeof nodeFields>>;

export const nodeKinds = ['agent', 'sleep', 'signal', 'approval', 'subrun'] as const;
export type NodeKind = (typeof nodeKinds)[number];

/** An agent of this name is a person: its node is a signal, and its input says which. */
export const HUMAN = 'human';

/** What a node does. An approval beside an agent only stands before it. */
export function kindOfNode(node: Pick<NodeFields, NodeKind>): NodeKind {
  const [first = 'agent'] = nodeKinds.filter((kind) => node[kind] !== undefined);
  return first;
}

export const workflowNodeSchema = z.strictObject(nodeFields).superRefine(checkNode).transform(normaliseNode);
export type WorkflowNode = z.infer<typeof workflowNodeSchema>;

function checkNode(written: NodeFields, context: z.RefinementCtx): void {
  const issue = (message: string, path: (string | number)[] = []) =>
    context.addIssue({ code: 'custom', message, path });
  const asked = written.agent === HUMAN ? signalSpecSchema.safeParse(written.input) : undefined;
  for (const { message, path } of asked?.error?.issues ?? []) issue(message, ['input', ...path.map(String)]);
  if (asked?.success === false) return;
  const node = withoutHuman(written);
  const kinds = nodeKinds.filter((kind) => node[kind] !== undefined);
  const isGuardedAgent = kinds.length === 2 && kinds[0] === 'agent' && kinds[1] === 'approval';
  if (kinds.length === 0) issue(`does nothing: give it one of ${nodeKinds.join(', ')}`);
  if (kinds.length > 1 && !isGuardedAgent) issue(`is both ${kinds.join(' and ')}; a node does one thing`);
  if (node.needs !== undefined && node.dependsOn !== undefined)
    issue('has both needs and dependsOn; they mean the same, keep needs');
  const bounded = kinds[0] === 'agent' || kinds[0] === 'subrun';
  if (node.timeout !== undefined && !bounded) issue(`a ${kinds[0] ?? 'node'} has no timeout; say expires`, ['timeout']);
  if (node.compensate !== undefined && !bounded) issue('only an agent or a subrun can be compensated', ['compensate']);
  if (node.map !== undefined && node.routes.length > 0) issue('a mapped node has no routes of its own', ['routes']);
  const { expires, warnBefore } = node.approval ?? {};
  if (warnBefore !== undefined && (expires === undefined || warnBefore >= expires))
    issue('is not before the expiry', ['approval', 'warnBefore']);
}

/** A person's input is a message that fits a form. */
function withoutHuman(node: NodeFields): NodeFields {
  if (node.agent !== HUMAN) return node;
  const { agent: _agent, input, ...rest } = node;
  return { ...rest, input: {}, signal: signalSpecSchema.parse(input) };
}

function normaliseNode(written: NodeFields) {
  const { dependsOn, needs = dependsOn ?? [], timeout, ...node } = withoutHuman(written);
  const tolerated = needs.filter((need) => need.endsWith('?')).map(withoutMark);
  return {
    ...node,
    needs: needs.map(withoutMark),
    /** Of `needs`: those that need not have succeeded. */
    ...(tolerated.length === 0 ? {} : { tolerates: tolerated }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
  };
}

function withoutMark(need: string): string {
  return need.replace(/\?$/, '');
}
