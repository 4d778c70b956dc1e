import { runGit } from './git-process.ts';
import { WorkspaceError } from './workspace-error.ts';

/**
 * The objects that digests lead to: those that are trees or blobs of the store, and all that is in them.
 *
 * @throws WorkspaceError `corrupt` when something of a tree is missing.
 */
export async function reachableObjects(gitDirectory: string, digests: Iterable<string>): Promise<ReadonlySet<string>> {
  const roots = await knownObjects(gitDirectory, digests);
  if (roots.length === 0) return new Set();
  const args = ['rev-list', '--objects', '--missing=print', '--stdin'];
  const output = await runGit({ gitDirectory, args, input: lines(roots) });
  const names = output
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  const missing = names.find((line) => line.startsWith('?'));
  if (missing !== undefined)
    throw new WorkspaceError('corrupt', `the object store has no object ${missing.slice(1)}`, { path: gitDirectory });
  return new Set(names.map((line) => line.slice(0, 64)));
}

export function lines(words: Iterable<string>): readonly Buffer[] {
  return [Buffer.from([...words].map((word) => `${word}\n`).join(''))];
}

async function knownObjects(gitDirectory: string, digests: Iterable<string>): Promise<readonly string[]> {
  const asked = [...digests];
  if (asked.length === 0) return [];
  const args = ['cat-file', '--batch-check=%(objectname) %(objecttype)'];
  const answers = (await runGit({ gitDirectory, args, input: lines(asked) })).toString('utf8').split('\n');
  return answers.filter((answer) => / (tree|blob)$/u.test(answer)).map((answer) => answer.slice(0, 64));
}
