import type { ExitCode } from '@vltair/protocol';
import { CommanderError } from 'commander';
import type { Host } from './host.ts';
import type { Options } from './option-values.ts';
import { buildProgram, type Invocation } from './program.ts';

// What only some command lines need is imported when they need it: --version and --help load nothing but the program.

/** Runs one command line to its end. Never rejects: whatever fails is told, and gives an exit code. */
export async function runCommandLine(words: readonly string[], host: Host): Promise<ExitCode> {
  let options: Options = { json: words.includes('--json') };
  try {
    const invocation = await parse(words, host);
    if (invocation === undefined) return 0;
    options = invocation.options;
    return await invoke(invocation, host);
  } catch (error) {
    const { tellError } = await import('./tell-error.ts');
    return await tellError(error, host, options);
  }
}

/** The command that was meant; `undefined` when commander has answered itself. */
async function parse(words: readonly string[], host: Host): Promise<Invocation | undefined> {
  let invocation: Invocation | undefined;
  try {
    await buildProgram(host, (chosen) => (invocation = chosen)).parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    const { usageError } = await import('./tell-error.ts');
    throw usageError(error.message);
  }
  return invocation;
}

async function invoke({ load, parameters, options }: Invocation, host: Host): Promise<ExitCode> {
  const [command, { openContext, openOutput }] = await Promise.all([load(), import('./command-context.ts')]);
  return await command(openContext(host, openOutput(host, options), options), parameters, options);
}
