import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { verifies } from '../e2e/verifies.ts';
import { ERRORS_PAGE, errorsPage } from './errors-page.ts';

test('docs/errors.md is the error catalogue', () => {
  verifies('V-05');
  const page = readFileSync(ERRORS_PAGE, 'utf8');
  expect(page, 'run: node tools/errors-page.ts --write').toBe(errorsPage());
});
