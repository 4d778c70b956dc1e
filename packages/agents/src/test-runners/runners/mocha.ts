import { selectedFiles, supportDirectory, titlePattern, type RunnerAdapter } from './runner-adapter.ts';

export const mocha: RunnerAdapter = {
  language: 'node',
  invoke({ command, program, selection, coverage }) {
    const pattern = titlePattern(selection);
    const hooks = coverage ? ['--require', `./${supportDirectory}/mocha-coverage.cjs`] : [];
    const titles = pattern === undefined ? [] : ['--grep', pattern];
    const files =
      selection.length > 0 ? [...optionsOf(command.arguments), ...selectedFiles(selection)] : command.arguments;
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

/** The project's own options without its file patterns: an option's value is kept, a bare word that follows none is a file. */
function optionsOf(words: readonly string[]): string[] {
  return words.filter((word, index) => word.startsWith('-') || takesValue(words[index - 1]));
}

function takesValue(word: string | undefined): boolean {
  return /^(-r|-t|-u|-g|-f|-s|--(require|timeout|ui|grep|fgrep|slow|config|import|loader|node-option|retries))$/.test(
    word ?? '',
  );
}
