import { selectedFiles, supportDirectory, type RunnerAdapter } from './runner-adapter.ts';

/**
 * node:test selects by file only: its name patterns mean different things in Node 18, 20 and 22, so cases are picked out of
 * the report instead.
 */
export const nodeTest: RunnerAdapter = {
  language: 'node',
  invoke({ command, program, selection, coverage }) {
    const preload = coverage ? ['--import', `./${supportDirectory}/node-test-coverage.mjs`] : [];
    const ours = [
      '--test-reporter',
      `./${supportDirectory}/node-test.mjs`,
      '--test-reporter-destination',
      `./${supportDirectory}/reporter.out`,
    ];
    const readable = ['--test-reporter', 'spec', '--test-reporter-destination', 'stdout'];
    const files = selection.length > 0 ? selectedFiles(selection) : command.arguments;
    // One file runs without the parent process of --test: half the time, the same events.
    const parent = files.length === 1 && selection.length > 0 ? [] : ['--test'];
    return { argv: [program, ...command.nodeOptions, ...preload, ...parent, ...ours, ...readable, ...files] };
  },
};
