import { Command } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import type { CommandFunction } from './command-context.ts';
import { commandDefinitions, type CommandDefinition, type OptionDefinition } from './command-definitions.ts';
import type { Host } from './host.ts';
import type { Options } from './option-values.ts';

/** The command that a command line means, not loaded yet. */
export interface Invocation {
  readonly load: () => Promise<CommandFunction>;
  readonly parameters: readonly string[];
  readonly options: Options;
}

const GLOBAL_OPTIONS: readonly OptionDefinition[] = [
  ['-C, --directory <dir>', 'work as if started in this directory'],
  ['--json', 'print results as JSON'],
  ['-q, --quiet', 'print results and errors alone'],
  ['--no-color', 'print without colours (so does NO_COLOR=1)'],
];

const FOOTER = `
Examples:
  vltair demo                      repair an example, to see how it goes
  vltair fix                       repair the failing tests of this project
  vltair show last                 what happened in the newest run, and why
  vltair replay last --verify      would today's code decide the same again?

Exit codes: 0 done, 1 failed, 2 usage, 3 waiting for a person, 130 interrupted.
`;

/** The grammar of the command line. `choose` is told which command was meant. */
export function buildProgram(host: Host, choose: (invocation: Invocation) => void): Command {
  const program = new Command('vltair')
    .description('Runs agents the way a database runs transactions.')
    .version(manifest.version, '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .option('--replay <id>', 'the same as: vltair replay <id>')
    .addHelpText('after', FOOTER)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: (text) => host.stdout.write(text), writeErr: () => {} })
    .exitOverride()
    .allowExcessArguments()
    .action((options: Options) => chooseWithoutCommand(program, options, choose));
  addOptions(program, GLOBAL_OPTIONS);
  for (const definition of commandDefinitions) addCommand(program, definition, choose);
  return program;
}

function addCommand(program: Command, definition: CommandDefinition, choose: (invocation: Invocation) => void): void {
  const command = program
    .command(definition.usage)
    .description(definition.description)
    .allowExcessArguments(false)
    .addHelpText('after', `\nExamples:\n${definition.examples.map((example) => `  ${example}\n`).join('')}`)
    .action((...given: unknown[]) => {
      const parameters = given
        .slice(0, -2)
        .flat()
        .filter((value) => typeof value === 'string');
      choose({ load: definition.load, parameters, options: command.optsWithGlobals<Options>() });
    });
  addOptions(command, definition.options);
}

function addOptions(command: Command, options: readonly OptionDefinition[]): void {
  for (const [flags, description] of options) command.option(flags, description);
}

/** `vltair --replay ID`, or nothing at all, which asks for help. */
function chooseWithoutCommand(program: Command, options: Options, choose: (invocation: Invocation) => void): void {
  const replay = commandDefinitions.find(({ usage }) => usage.startsWith('replay '));
  if (typeof options['replay'] === 'string' && replay !== undefined)
    return choose({ load: replay.load, parameters: [options['replay']], options });
  const [unknown] = program.args;
  if (unknown !== undefined) program.error(`unknown command "${unknown}"`);
  program.help();
}
