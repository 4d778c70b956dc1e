import type { ActionSchemas, Agent, PayloadValidator } from '@vltair/core';
import { jsonObjectSchema, type AgentTask, type JsonObject } from '@vltair/protocol';
import { z } from 'zod';
import { parseInput } from './project-input.ts';

export interface ActionDefinition {
  /** Of the whole payload, with its `action`. */
  readonly input: z.ZodType;
  /** What `input` says, for readers, where it is wrapped in something that data cannot tell. */
  readonly described?: z.ZodType;
  readonly output: z.ZodType;
  readonly signals?: readonly string[];
}

/** The validators and the schemas of an agent that has these actions. */
export function actionsOf(
  definitions: Readonly<Record<string, ActionDefinition>>,
): Required<Pick<Agent, 'validators' | 'actions'>> {
  const entries = Object.entries(definitions);
  return {
    validators: new Map(entries.map(([action, { input }]) => [action, validatorOf(input)])),
    actions: lazily(definitions),
  };
}

/** Made when somebody asks: a run that checks nothing does not wait for them. */
function lazily(definitions: Readonly<Record<string, ActionDefinition>>): Record<string, ActionSchemas> {
  const actions: Record<string, ActionSchemas> = {};
  for (const [action, definition] of Object.entries(definitions)) {
    let made: ActionSchemas | undefined;
    Object.defineProperty(actions, action, { enumerable: true, get: () => (made ??= schemasOf(definition)) });
  }
  return actions;
}

function validatorOf(schema: z.ZodType): PayloadValidator {
  return (task: AgentTask): void => void parseInput(schema, task);
}

function schemasOf({ input, described = input, output, signals }: ActionDefinition): ActionSchemas {
  return {
    input: withoutAction(dataOf(described, 'input')),
    output: dataOf(output, 'output'),
    ...(signals === undefined ? {} : { signals }),
  };
}

function dataOf(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  return jsonObjectSchema.parse(z.toJSONSchema(schema, { io, unrepresentable: 'any' }));
}

const objectFormSchema = z.looseObject({
  properties: jsonObjectSchema.exactOptional(),
  required: z.array(z.string()).exactOptional(),
  anyOf: z.array(jsonObjectSchema).exactOptional(),
});

/** A node names its action beside its input, not in it. */
function withoutAction(schema: JsonObject): JsonObject {
  const { properties, required, anyOf } = objectFormSchema.parse(schema);
  const rest = Object.entries(properties ?? {}).filter(([name]) => name !== 'action');
  return {
    ...schema,
    ...(properties === undefined ? {} : { properties: Object.fromEntries(rest) }),
    ...(required === undefined ? {} : { required: required.filter((name) => name !== 'action') }),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map((form) => withoutAction(form)) }),
  };
}
