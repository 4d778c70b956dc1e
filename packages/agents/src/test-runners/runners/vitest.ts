import { selectedFiles, supportDirectory, titlePattern, type RunnerAdapter } from './runner-adapter.ts';

export const vitest: RunnerAdapter = {
  language: 'node',
  invoke({ command, program, selection, coverage }) {
    const pattern = titlePattern(selection);
    const reporters = ['--reporter', `./${supportDirectory}/vitest.mjs`, '--reporter', 'default'];
    const options = ['--no-color', '--coverage.enabled=false', ...(coverage ? ['--no-file-parallelism'] : [])];
    const titles = pattern === undefined ? [] : ['--testNamePattern', pattern];
    const files = selection.length > 0 ? selectedFiles(selection) : [];
    const own = command.arguments.filter(
      (argument) => !['run', 'watch', '--watch', '-w', '--run', '--coverage'].includes(argument),
    );
    return {
      argv: [
        program,
        ...command.nodeOptions,
        command.script ?? 'node_modules/vitest/vitest.mjs',
        'run',
        ...own,
        ...files,
        ...options,
        ...reporters,
        ...titles,
      ],
    };
  },
};
