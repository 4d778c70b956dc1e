import { setImmediate as otherWork } from 'node:timers/promises';
import type { Agent } from '@vltair/core';
import {
  agentResult,
  evaluateExpression,
  jsonObjectSchema,
  jsonSchema,
  parseExpression,
  type AgentTask,
  type Json,
  type JsonObject,
} from '@vltair/protocol';
import { z } from 'zod';
import { actionsOf } from './agent-actions.ts';
import { parseInput } from './project-input.ts';

const MAX_EXPRESSIONS = 100;

const fieldsSchema = z.strictObject({
  action: z.literal('evaluate'),
  /** CEL over the members of `values`; its result is the output's `value`. */
  expression: z.string().min(1).exactOptional(),
  /** Several, each under the name that its result has in the output. */
  expressions: z.record(z.string().min(1), z.string().min(1)).exactOptional(),
  values: jsonObjectSchema.default({}),
});
const inputSchema = fieldsSchema
  .refine(({ expression, expressions }) => (expression === undefined) !== (expressions === undefined), {
    message: 'or expressions is needed, one of the two',
    path: ['expression'],
  })
  .refine(({ expressions = {} }) => Object.keys(expressions).length <= MAX_EXPRESSIONS, {
    message: `are more than ${MAX_EXPRESSIONS}`,
    path: ['expressions'],
  });

/** Computes values from values. Acts on nothing: no effect, no workspace. */
export function createTransform(): Agent {
  const { validators, actions } = actionsOf({
    evaluate: {
      input: inputSchema,
      output: z.looseObject({ value: jsonSchema.exactOptional() }),
      signals: ['success'],
    },
  });
  return {
    name: 'transform',
    version: '1',
    description: 'Computes values from values with CEL expressions.',
    validators: new Map([['evaluate', (task) => (validators.get('evaluate')?.(task), checkExpressions(task))]]),
    actions,
    run: async (task, { traceId, signal }) => {
      const payload = { output: await evaluate(task, signal), artifacts: [] };
      return agentResult({ task, agent: 'transform', traceId, payload });
    },
  };
}

/** @throws VltairError `invalid_argument/expression` */
function checkExpressions(task: AgentTask): void {
  for (const text of Object.values(expressionsOf(parseInput(inputSchema, task)))) parseExpression(text);
}

/** One expression takes a moment at most; between two, whatever else the process does has its turn. */
async function evaluate(task: AgentTask, signal: AbortSignal): Promise<JsonObject> {
  const input = parseInput(inputSchema, task);
  const results: (readonly [string, Json])[] = [];
  for (const [name, text] of Object.entries(expressionsOf(input))) {
    signal.throwIfAborted();
    results.push([name, evaluateExpression(text, input.values)]);
    await otherWork();
  }
  return Object.fromEntries(results);
}

function expressionsOf({
  expression,
  expressions = {},
}: z.infer<typeof inputSchema>): Readonly<Record<string, string>> {
  return expression === undefined ? expressions : { value: expression };
}
