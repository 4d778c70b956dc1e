import { supportDirectory, type RunnerAdapter } from './runner-adapter.ts';

/** unittest has no machine-readable output: our script discovers and runs, and reads the selection from its settings. */
export const unittest: RunnerAdapter = {
  language: 'python',
  invoke: ({ program }) => ({ argv: [program, `${supportDirectory}/vltair_unittest.py`] }),
};
