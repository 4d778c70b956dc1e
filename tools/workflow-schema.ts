import { readFileSync, writeFileSync } from 'node:fs';
import { workflowJsonSchema } from '../packages/protocol/src/workflow-json-schema.ts';

/** schemas/workflow.schema.json, for editors. `node tools/workflow-schema.ts` checks the file, `--write` writes it. */
export const WORKFLOW_SCHEMA = new URL('../schemas/workflow.schema.json', import.meta.url);

/** The same text as `vltair schema workflow`. */
export function workflowSchemaText(): string {
  return `${JSON.stringify(workflowJsonSchema(), undefined, 2)}\n`;
}

if (import.meta.main) {
  if (process.argv.includes('--write')) writeFileSync(WORKFLOW_SCHEMA, workflowSchemaText());
  else if (readFileSync(WORKFLOW_SCHEMA, 'utf8') !== workflowSchemaText()) {
    console.error('schemas/workflow.schema.json differs from the code; run: node tools/workflow-schema.ts --write');
    process.exitCode = 1;
  }
}
