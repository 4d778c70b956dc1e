import { optionsOf, selectedFiles, supportDirectory, titlePattern, type RunnerAdapter } from './runner-adapter.ts';

export const mocha: RunnerAdapter = {
  language: 'node',
  invoke({ command, program, selection, coverage }) {
    const pattern = titlePattern(selection);
    const hooks = coverage ? ['--require', `./${supportDirectory}/mocha-coverage.cjs`] : [];
    const titles = pattern === undefined ? [] : ['--grep', pattern];
    const files =
      selection.length > 0
        ? [...optionsOf(command.arguments, takesValue), ...selectedFiles(selection)]
        : command.arguments;
    const reporter = ['--no-color', '--reporter', `./${supportDirectory}/mocha.cjs`];
    return {
      argv: [
        program,
        ...command.nodeOptions,
        command.script ?? 'node_modules/mocha/bin/mocha.js',
        ...reporter,
        ...hooks,
        ...titles,
        ...files,
      ],
    };
  },
};

const takesValue =
  /^(-r|-t|-u|-g|-f|-s|--(require|timeout|ui|grep|fgrep|slow|config|import|loader|node-option|retries))$/;
