import { selectedFiles, supportDirectory, titlePattern, type RunnerAdapter } from './runner-adapter.ts';

export const jest: RunnerAdapter = {
  language: 'node',
  invoke({ command, program, selection, coverage }) {
    const pattern = titlePattern(selection);
    const options = ['--ci', '--no-color', '--coverage=false', '--watchman=false', '--testLocationInResults'];
    const measured = coverage ? ['--testRunner', `./${supportDirectory}/jest-coverage.cjs`] : [];
    const reporters = ['--reporters', 'default', '--reporters', `./${supportDirectory}/jest.cjs`];
    const titles = pattern === undefined ? [] : ['--testNamePattern', pattern];
    const files = selection.length > 0 ? ['--runTestsByPath', ...selectedFiles(selection)] : [];
    const own = command.arguments.filter((argument) => !/^--(watch|watchAll|coverage)$/.test(argument));
    return {
      argv: [
        program,
        ...command.nodeOptions,
        command.script ?? 'node_modules/jest/bin/jest.js',
        ...own,
        ...options,
        ...measured,
        ...reporters,
        ...titles,
        ...files,
      ],
    };
  },
};
