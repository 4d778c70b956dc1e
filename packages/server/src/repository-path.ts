import { relative } from 'node:path';
import { findRepository } from '@vltair/agents';

/** Where a directory lies in its git repository: what `git apply` has to be told. Empty at its top and outside of git. */
export async function repositoryPathOf(directory: string): Promise<string> {
  const repository = await findRepository(directory);
  return repository === undefined ? '' : relative(repository.topLevel, directory);
}
