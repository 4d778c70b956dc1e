import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { WORKFLOW_ERRORS_PAGE, workflowErrorsPage } from './workflow-errors-page.ts';

test('docs/workflow-errors.md is the table of broken workflows', () => {
  expect(readFileSync(WORKFLOW_ERRORS_PAGE, 'utf8')).toBe(workflowErrorsPage());
});
