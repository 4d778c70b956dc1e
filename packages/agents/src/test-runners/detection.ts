import type { TestCommand, TestRunner } from './test-command.ts';

/** What detection concludes. `why` and `looked` are sentences and places for a person. */
export type Detection =
  | {
      readonly kind: 'found';
      readonly runner: TestRunner;
      readonly command: TestCommand;
      readonly why: string;
      /** Further suites of a monorepo. */
      readonly others: readonly TestCommand[];
    }
  | { readonly kind: 'missing_runner'; readonly runner: TestRunner; readonly why: string }
  | { readonly kind: 'none'; readonly looked: readonly string[] };
