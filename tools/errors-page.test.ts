import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ERRORS_PAGE, errorsPage } from './errors-page.ts';

test('docs/errors.md is the error catalogue', () => {
  const page = readFileSync(ERRORS_PAGE, 'utf8');
  expect(page, 'run: node tools/errors-page.ts --write').toBe(errorsPage());
});
