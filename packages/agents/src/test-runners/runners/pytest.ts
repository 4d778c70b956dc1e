import { supportDirectory, type RunnerAdapter } from './runner-adapter.ts';

export const pytest: RunnerAdapter = {
  language: 'python',
  invoke({ command, program, selection }) {
    const options = ['-p', 'no:cacheprovider', '-p', 'vltair_pytest', '--color=no', '--continue-on-collection-errors'];
    const nodes = selection.map(({ file, path }) =>
      path === undefined ? file : [file, ...path.split(' > ')].join('::'),
    );
    const own = command.arguments;
    return {
      argv: [program, '-m', 'pytest', ...own, ...options, ...nodes.toSorted()],
      environment: { PYTHONPATH: supportDirectory },
    };
  },
};
