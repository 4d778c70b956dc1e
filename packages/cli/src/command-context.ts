import { resolve } from 'node:path';
import { exitCodes, VltairError, type ExitCode, type RedactionSettings } from '@vltair/protocol';
import { findDataDirectory, readConfiguration, type Configuration, type StoreOptions } from '@vltair/server';
import type { Host } from './host.ts';
import { flagOption, textOption, type Options } from './option-values.ts';
import { Output } from './output.ts';

/** What every command gets. */
export interface CommandContext {
  readonly host: Host;
  readonly output: Output;
  readonly configuration: Configuration;
  /** Absolute; what `-C` names, else the working directory. */
  readonly directory: string;
}

/** The code of a command: `parameters` and `options` as they were typed. */
export type CommandFunction = (
  context: CommandContext,
  parameters: readonly string[],
  options: Options,
) => Promise<ExitCode>;

/** @throws VltairError `invalid_argument/environment` */
export function openContext(host: Host, output: Output, options: Options): CommandContext {
  const configuration = readConfiguration(host.environment, host.directory);
  const directory = resolve(host.directory, textOption(options, 'directory') ?? '.');
  return { host, output, configuration, directory };
}

export function openOutput(host: Host, options: Options): Output {
  return new Output(host, {
    json: flagOption(options, 'json'),
    quiet: flagOption(options, 'quiet'),
    noColor: options['color'] === false,
    redaction: redactionOf(host),
  });
}

/** The effective redaction; the plain patterns when the configuration itself is what is wrong. */
export function redactionOf({ environment, directory }: Host): RedactionSettings {
  try {
    return readConfiguration(environment, directory).redaction;
  } catch (error) {
    if (!(error instanceof VltairError)) throw error;
    return {};
  }
}

/** The store that a command about runs means, with its warnings on stderr. */
export function storeOf({ directory, configuration, output }: CommandContext): StoreOptions {
  return {
    dataDirectory: findDataDirectory(directory, configuration),
    configuration,
    warn: (sentence) => output.note(`${output.paintMessage('yellow', 'warning')}: ${sentence}`),
  };
}

/** The exit code that a run's status calls for. */
export function exitCodeOf(status: string): ExitCode {
  if (status === 'succeeded') return exitCodes.done;
  return status === 'failed' || status === 'cancelled' ? exitCodes.failed : exitCodes.waiting;
}
