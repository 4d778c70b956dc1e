import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';

/** docs/workflow-errors.md, the broken workflows of the tests for readers. `node tools/workflow-errors-page.ts` checks the page, `--write` writes it. */
export const WORKFLOW_ERRORS_PAGE = new URL('../docs/workflow-errors.md', import.meta.url);
const TABLE = new URL('../packages/server/test/broken-workflows.yaml', import.meta.url);

interface Table {
  readonly agents: Readonly<Record<string, unknown>>;
  readonly workflows: readonly BrokenWorkflow[];
}
interface BrokenWorkflow {
  readonly title: string;
  readonly workflow: string;
  readonly problems: readonly string[];
}

export function workflowErrorsPage(): string {
  const { workflows } = parse(readFileSync(TABLE, 'utf8')) as Table;
  return `${HEADER}\n${workflows.map(section).join('\n')}`;
}

const HEADER = `# What is wrong with a workflow

\`vltair validate WORKFLOW\` tells everything that is wrong with a workflow at once, in the order of the file, each with line and
column; warnings come last and refuse nothing. Below, the agent \`scanner\` has the action \`scan\`, which takes \`paths\` (a list of
texts), \`depth\` (from 1) and \`mode\` (\`quick\` or \`thorough\`), puts out \`total\` and \`files\` (of \`name\` and \`lines\`) and gives the
signals \`clean\` and \`dirty\`; \`writer\` has \`write\`, which takes \`text\`, and \`erase\`; \`worker\` takes and gives anything.

This page is made from the table in \`packages/server/test/broken-workflows.yaml\`, which the tests hold to the code, by
\`node tools/workflow-errors-page.ts --write\`.
`;

function section({ title, workflow, problems }: BrokenWorkflow): string {
  return `## ${title}\n\n<!-- prettier-ignore -->\n\`\`\`text\n${workflow}\`\`\`\n\n<!-- prettier-ignore -->\n\`\`\`text\n${problems.join('\n')}\n\`\`\`\n`;
}

if (import.meta.main) {
  if (process.argv.includes('--write')) writeFileSync(WORKFLOW_ERRORS_PAGE, workflowErrorsPage());
  else if (readFileSync(WORKFLOW_ERRORS_PAGE, 'utf8') !== workflowErrorsPage()) {
    console.error('docs/workflow-errors.md differs from the table; run: node tools/workflow-errors-page.ts --write');
    process.exitCode = 1;
  }
}
