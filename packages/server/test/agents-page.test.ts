// docs/agents.md is held to what the agents say of themselves.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWorkspace, type AgentRegistry } from '@vltair/agents';
import type { ActionSchemas } from '@vltair/core';
import {
  jsonObjectSchema,
  parseExpression,
  type AgentTask,
  type Json,
  type JsonObject,
  type TestResult,
} from '@vltair/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { agentsOf, sandboxOf } from '../src/application.ts';
import { readConfiguration } from '../src/environment.ts';
import { builtInAgents } from '../src/index.ts';
import { installedAgents } from '../src/installed-agents.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'agents.md'), 'utf8');
const nodeSchema = z.strictObject({
  id: z.string(),
  agent: z.string(),
  action: z.string(),
  input: jsonObjectSchema,
  routes: z.array(z.looseObject({ on: z.string() })).default([]),
});

/** An example of the page: a node, what it gives, and the names in the tables below it. */
interface Example {
  readonly node: z.infer<typeof nodeSchema>;
  readonly output: JsonObject;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
}

const examples = [...page.matchAll(/```yaml\n(.*?)```\n\n```json\n(.*?)```\n\n(\|.*?)\n\n(\|.*?)\n\n/gs)].map(
  ([, node, output = '', input, given]): Example => ({
    node: nodeSchema.parse(parse(node ?? '')),
    output: jsonObjectSchema.parse(JSON.parse(output)),
    inputNames: namesIn(input),
    outputNames: namesIn(given),
  }),
);

function namesIn(table = ''): readonly string[] {
  return [...table.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name = '']) => name).toSorted();
}

let directory: string;
let agents: AgentRegistry;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'vltair-agents-page-'));
  const workspace = await openWorkspace({ dataDirectory: directory });
  const configuration = readConfiguration({}, directory);
  agents = agentsOf(sandboxOf(configuration), workspace, { ...configuration, environment: {} });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const testResult: TestResult = {
  kind: 'test_result',
  runner: 'command',
  command: ['npm', 'test'],
  outcome: 'failed',
  exitCode: 1,
  durationMs: 1,
  cases: [],
  flaky: [],
  log: '',
};
const project: JsonObject = {
  directory: '/project',
  dependencies: [],
  commands: [{ runner: 'command', directory: '.', nodeOptions: [], arguments: ['npm test'], environment: {} }],
  testTimeoutMs: 1,
  sandboxMode: 'best-effort',
};
/** What templates of the page stand for. */
const filled: Readonly<Record<string, unknown>> = {
  '{{input.project}}': project,
  '{{reproduce.artifacts.test_result}}': testResult,
};

function fill(input: JsonObject): JsonObject {
  const members = Object.entries(input).map(([name, value]) => [
    name,
    typeof value === 'string' && value.startsWith('{{') ? filled[value] : value,
  ]);
  return jsonObjectSchema.parse(Object.fromEntries(members));
}

function taskOf({ agent, action, input }: Example['node']): AgentTask {
  return { type: 'AgentTask', id: 'task-1', protocolVersion: 1, agent, payload: { ...fill(input), action } };
}

function schemasOf({ agent, action }: Example['node']): ActionSchemas {
  const schemas = agents.schemasOf(agent, action);
  if (schemas === undefined) throw new Error(`${agent} says nothing of ${action}`);
  return schemas;
}

/** The problems of a value by a JSON Schema; empty when there is none. */
function problemsOf(schema: JsonObject, value: Json): readonly string[] {
  const parsed = z.fromJSONSchema(schema).safeParse(value);
  return parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
}

/** The members that a schema names, in all its forms. */
function membersOf(schema: JsonObject): readonly string[] {
  const { properties = {}, anyOf = [] } = z
    .looseObject({ properties: jsonObjectSchema.optional(), anyOf: z.array(jsonObjectSchema).optional() })
    .parse(schema);
  return [...new Set([...Object.keys(properties), ...anyOf.flatMap(membersOf)])].toSorted();
}

describe('every agent', () => {
  test('describes each of its actions', () => {
    for (const { name } of builtInAgents) {
      const actions = agents.actionsOf(name) ?? [];
      expect(actions.length, name).toBeGreaterThan(0);
      for (const action of actions) {
        const schemas = agents.schemasOf(name, action);
        expect(schemas?.input, `${name} ${action}`).toMatchObject({
          $schema: expect.stringContaining('json-schema.org'),
        });
        expect(membersOf(schemas?.input ?? {}), `${name} ${action}`).not.toContain('action');
      }
    }
    expect(agents.schemasOf('shell', 'constructor')).toBeUndefined();
    expect(agents.schemasOf('nobody', 'run')).toBeUndefined();
  });

  test('is what runs are pinned to: the digests that need no registry are those of the registry', () => {
    expect(installedAgents).toEqual(agents.digests());
  });

  test('has an example, and its actions stand in the first table of the page', () => {
    expect(new Set(examples.map(({ node }) => node.agent))).toEqual(new Set(builtInAgents.map(({ name }) => name)));
    for (const { name } of builtInAgents) {
      const [, listed = ''] = new RegExp(`^\\| \\[${name}\\]\\(#${name}\\) +\\| (.*?) +\\|`, 'm').exec(page) ?? [];
      const actions = [...listed.matchAll(/`(\w+)`/g)].map(([, action = '']) => action);
      expect(actions.toSorted(), name).toEqual(agents.actionsOf(name));
    }
  });
});

describe.each(examples.map((example) => [`${example.node.agent} ${example.node.action}`, example] as const))(
  'the example of %s',
  (_, { node, output, inputNames, outputNames }) => {
    test('is an input that the agent takes', () => {
      expect(() => agents.validate(taskOf(node))).not.toThrow();
      expect(problemsOf(schemasOf(node).input, fill(node.input))).toEqual([]);
    });

    test('gives an output that the agent can give', () => {
      expect(problemsOf(schemasOf(node).output, output)).toEqual([]);
    });

    test('routes every signal of the action, and no other', () => {
      const { signals = [] } = schemasOf(node);
      const routed = node.routes.map(({ on }) => on);
      expect(routed).toEqual(signals.length === 1 && routed.length === 0 ? [] : signals);
      expect(signals).not.toEqual([]);
    });

    test('is followed by tables of every member', () => {
      expect(inputNames).toEqual(membersOf(schemasOf(node).input));
      expect(outputNames).toEqual(membersOf(schemasOf(node).output));
    });

    test('is refused with a member that does not exist', () => {
      const wrong = { ...fill(node.input), nothing: 1 };
      expect(problemsOf(schemasOf(node).input, wrong)).not.toEqual([]);
    });
  },
);

test('every function and method of docs/expressions.md exists', () => {
  const expressions = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'expressions.md'), 'utf8');
  const rows = [...expressions.matchAll(/^\| (functions|of lists|of strings|) +\| (.*?) +\|$/gm)];
  const texts = rows.flatMap(([, kind, names = '']) =>
    [...names.matchAll(/`(\w+)(?:\([^`]*\))?`/g)].map(([, name = '']) =>
      kind === 'functions' ? `${name}(x.y)` : `x.${name}(y)`,
    ),
  );
  expect(texts.length).toBeGreaterThan(20);
  for (const text of texts) expect(() => parseExpression(text), text).not.toThrow();
  expect(() => parseExpression('x.nothing(y)')).toThrow('there is no method nothing()');
});
