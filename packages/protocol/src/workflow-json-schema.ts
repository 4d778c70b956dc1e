import { z } from 'zod';
import { amountsSchema, type Dimension } from './amounts.ts';
import type { JsonObject } from './canonical-json.ts';
import { jsonObjectSchema, jsonSchema } from './envelopes.ts';
import { reasonSchema } from './failure-schema.ts';
import {
  approvalSpecSchema,
  compensationSchema,
  durationSchema,
  mapSpecSchema,
  routeSchema,
  signalSpecSchema,
  subrunSpecSchema,
  workflowNodeSchema,
} from './workflow-node.ts';
import { workflowSchema, type WorkflowInput } from './workflow.ts';

/** The format of workflow files as JSON Schema 2020-12, with a description of each field: what editors complete and check by. */
export function workflowJsonSchema(): JsonObject {
  made ??= describeFields(
    z.toJSONSchema(workflowSchema, { io: 'input', unrepresentable: 'any', metadata: names, override }) as JsonObject,
  );
  return made;
}

let made: JsonObject | undefined;

const names = z.registry<{ readonly id: string }>();
for (const [id, schema] of Object.entries({
  node: workflowNodeSchema,
  route: routeSchema,
  duration: durationSchema,
  amounts: amountsSchema,
  signal: signalSpecSchema,
  approval: approvalSpecSchema,
  subrun: subrunSpecSchema,
  map: mapSpecSchema,
  compensation: compensationSchema,
  json: jsonSchema,
  object: jsonObjectSchema,
  reason: reasonSchema,
}))
  names.add(schema, { id });

function override({ zodSchema, jsonSchema: json }: { zodSchema: z.core.$ZodTypes; jsonSchema: JsonSchema }): void {
  if (zodSchema === reasonSchema) Object.assign(json, { type: 'string', pattern: '^[a-z_]+/[a-z_]+$' });
  if (zodSchema === durationSchema) Object.assign(json, { type: 'string', examples: ['30s', '10m', '1h30m'] });
}

type JsonSchema = Record<string, unknown>;

function describeFields(schema: JsonObject): JsonObject {
  const definitions = schema['$defs'] as Readonly<Record<string, JsonObject>>;
  const described = Object.entries(definitions).map(([id, definition]) => [id, withWords(definition, fields[id])]);
  const whole = withWords(schema, fields['workflow']);
  const properties = whole['properties'] as Readonly<Record<string, JsonObject>>;
  const children = properties['workflows'] ?? {};
  const child = withWords((children['additionalProperties'] ?? {}) as JsonObject, fields['workflow']);
  return {
    ...whole,
    title: 'VLTAIR workflow',
    properties: { ...properties, workflows: { ...children, additionalProperties: child } },
    $defs: Object.fromEntries(described) as JsonObject,
  };
}

/** Also of each alternative. */
function withWords(schema: JsonObject, words: Readonly<Record<string, string>> = {}): JsonObject {
  const { properties, anyOf } = schema;
  if (Array.isArray(anyOf)) return { ...schema, anyOf: anyOf.map((each) => withWords(each as JsonObject, words)) };
  if (properties === undefined) return schema;
  const entries = Object.entries(properties as Readonly<Record<string, JsonObject>>);
  return {
    ...schema,
    properties: Object.fromEntries(
      entries.map(([name, field]) => [
        name,
        words[name] === undefined ? field : { ...field, description: words[name] },
      ]),
    ),
  };
}

type NodeInput = WorkflowInput['nodes'][number];
type Words<T> = Readonly<Record<keyof T & string, string>>;

const workflowWords: Words<WorkflowInput> = {
  name: 'Lower-case words with dashes.',
  description: 'What the workflow is for, for people.',
  input: 'JSON Schema of what a run takes; defaults are filled in, and what does not fit is refused. Absent: anything.',
  nodes: 'The graph: what is done, and what follows from it.',
  finally: 'Nodes that run once when everything else has come to its end, however that went.',
  output: 'Templates of what the run gives when it succeeds.',
  timeout: 'Bound of the whole run: an absolute deadline from its start.',
  budget: 'What the run may spend; a dimension that is absent is not limited.',
  maxNodes: 'Bound of the nodes of one run, with those that maps and new tasks add (default 10000).',
  taskAgents: 'Agents that new tasks may name, besides those of the nodes.',
  priority: 'Higher goes first among what is due (-100 to 100).',
  workflows: 'What subrun nodes run, by name; they see each other.',
};

const nodeWords: Words<NodeInput> = {
  id: 'Lower-case letters, digits, - and _. Templates and other nodes refer to it.',
  agent:
    'The agent that does the work; `vltair status` lists them. human: a person, whose input is the signal of the node.',
  action: 'What the agent is asked to do (default: run).',
  sleep: 'Waits that long; nothing is held meanwhile.',
  signal: "Waits for a message, or for a person's input when it has a form.",
  approval: 'Asks people. Alone it is a node of its own; beside an agent it stands before the first attempt.',
  subrun: 'Runs another workflow as a run of its own.',
  input: 'What the agent, or the child run, is given; strings may hold templates.',
  when: 'A CEL condition over input, nodes and the nodes by id; when it is false, the node is skipped.',
  needs: 'Starts when all of these have succeeded; `a?` tolerates that `a` did not.',
  dependsOn: 'The same as needs.',
  routes: 'What follows when the node is done with the signal `on`; `*` is the rest.',
  map: 'One child of the node per item, joined in the order of the items.',
  onFailure:
    'Absent: a failed node fails the run. continue: what needs it is skipped. {to}: the node that follows then.',
  compensate: 'Undoes a visit that succeeded, when the run does not.',
  budget: "What one visit may spend, all attempts together; besides the run's.",
  concurrencyKey: 'Attempts of all runs of the store whose key is equal run one after the other. May hold templates.',
  priority: 'Higher goes first among what is due (-100 to 100).',
  timeout: 'Bound of one visit, all attempts together.',
  maxAttempts:
    'Attempts of one visit; only failures that the error catalogue calls retryable are tried again (default 3).',
  maxVisits: 'Visits of one run, where a route leads back to this node (default 1).',
};

const amountWords: Readonly<Record<Dimension, string>> = {
  timeMs: 'Execution time of effects, in milliseconds.',
  calls: 'Effects that act on the world: tool calls, processes, requests.',
  candidates: 'Distinct candidates that a search looks at.',
  tokens: 'Tokens of models and of tools, in and out together.',
  microUsd: 'Money, in millionths of a US dollar.',
};

const routeWords = {
  on: 'The signal that the node is done with; * is the rest.',
  to: 'The node that follows. A route may lead back to a node that is always done before.',
  end: 'How the run ends.',
  reason: 'Of a failed end: the entry of the error catalogue that the run fails with.',
};
const signalWords: Words<z.input<typeof signalSpecSchema>> = {
  name: "What the sender names (default: the node's id).",
  form: 'JSON Schema of the data that is accepted.',
  message: 'What the person is asked.',
  expires: 'How long it waits; then the node is done with the signal `expired`, or fails where no route takes that.',
};
const approvalWords: Words<z.input<typeof approvalSpecSchema>> = {
  message: 'What is asked; may hold templates.',
  approvers: 'Who may answer; absent: anybody who can reach the store.',
  expires: 'How long it waits for an answer.',
  warnBefore: 'How long before the expiry a warning is recorded.',
};
const subrunWords: Words<z.input<typeof subrunSpecSchema>> = {
  workflow: "One of the root workflow's `workflows`.",
  budget: 'What is set aside for the child, and all that it can spend.',
};
const mapWords: Words<z.input<typeof mapSpecSchema>> = {
  over: 'A list, or one template that gives a list.',
  maxItems: 'Items at most (default 1000).',
  concurrency: 'Children in flight at a time; absent: all.',
};
const compensationWords: Words<z.input<typeof compensationSchema>> = {
  agent: 'The agent that undoes the visit.',
  action: 'What it is asked to do (default: run).',
  input: 'What it is given; templates see what the visit gave.',
  timeout: 'Bound of it, all attempts together.',
  maxAttempts: 'Attempts at most (default 3).',
};

/** By definition: each field of the schema has its words, or the code does not compile. */
const fields: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  workflow: workflowWords,
  node: nodeWords,
  amounts: amountWords,
  route: routeWords,
  signal: signalWords,
  approval: approvalWords,
  subrun: subrunWords,
  map: mapWords,
  compensation: compensationWords,
};
