import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Configuration } from './environment.ts';

/** Name of the store's directory inside a project. */
const DATA_DIRECTORY = '.vltair';

/** Where a project's store lies: what the configuration says, else `.vltair` in the project's root. */
export function dataDirectoryOf(root: string, configuration: Configuration): string {
  return configuration.dataDirectory ?? join(root, DATA_DIRECTORY);
}

/** The store that commands about runs mean: what the configuration says, else the nearest `.vltair` here or above. */
export function findDataDirectory(directory: string, configuration: Configuration): string {
  if (configuration.dataDirectory !== undefined) return configuration.dataDirectory;
  const start = existsSync(directory) ? realpathSync(directory) : resolve(directory);
  for (let at = start; ; at = dirname(at)) {
    const candidate = join(at, DATA_DIRECTORY);
    if (existsSync(join(candidate, 'vltair.db'))) return candidate;
    if (at === dirname(at)) return join(start, DATA_DIRECTORY);
  }
}
