import { optionsOf, selectedFiles, supportDirectory, type RunnerAdapter } from './runner-adapter.ts';

/** tape selects by file only: cases are picked out of the report. */
export const tape: RunnerAdapter = {
  language: 'node',
  invoke({ command, program, selection }) {
    const files =
      selection.length > 0
        ? [...optionsOf(command.arguments, takesValue), ...selectedFiles(selection)]
        : command.arguments;
    return {
      argv: [
        program,
        ...command.nodeOptions,
        '--require',
        `./${supportDirectory}/tape.cjs`,
        command.script ?? 'node_modules/tape/bin/tape',
        ...files,
      ],
    };
  },
};

const takesValue = /^(-r|-i|--(require|ignore|ignore-pattern))$/;
