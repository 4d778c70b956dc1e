import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { WORKFLOW_SCHEMA, workflowSchemaText } from './workflow-schema.ts';

const root = join(import.meta.dirname, '..');
const committed = z.fromJSONSchema(JSON.parse(readFileSync(WORKFLOW_SCHEMA, 'utf8')) as z.core.JSONSchema.JSONSchema);
const files = globSync(['workflows/*.yaml', 'examples/workflows/*.yaml'], { cwd: root });

test('schemas/workflow.schema.json is the format of the code', () => {
  expect(readFileSync(WORKFLOW_SCHEMA, 'utf8'), 'run: node tools/workflow-schema.ts --write').toBe(
    workflowSchemaText(),
  );
});

test.each(files)('%s fits the schema', (file) => {
  const result = committed.safeParse(parse(readFileSync(join(root, file), 'utf8')));
  expect(result.error?.issues).toBeUndefined();
});

test.each([
  ['an unknown field', { name: 'one', nodes: [{ id: 'a', agent: 'x', colour: 'red' }] }],
  ['a node id in upper case', { name: 'one', nodes: [{ id: 'A', agent: 'x' }] }],
  ['a route without an end', { name: 'one', nodes: [{ id: 'a', agent: 'x', routes: [{ on: 'found' }] }] }],
  ['no nodes', { name: 'one', nodes: [] }],
])('%s does not fit the schema', (_, workflow) => {
  expect(committed.safeParse(workflow).success).toBe(false);
});
