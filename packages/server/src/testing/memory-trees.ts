import { createHash } from 'node:crypto';
import type { WorkspaceOutcome, WorkspacePort } from '@vltair/core';
import { isProtectedPath } from '@vltair/agents';
import { canonicalJson, failure, type DocumentChange } from '@vltair/protocol';

/** Contents by path. */
export type Files = Readonly<Record<string, string>>;

/** Workspaces of a test: trees of files, named by what they hold, kept as long as the test. */
export class MemoryTrees implements WorkspacePort {
  readonly #trees = new Map<string, Files>();

  /** The name of a tree with these files. */
  keep(files: Files): string {
    const tree = createHash('sha1').update(canonicalJson(files)).digest('hex');
    this.#trees.set(tree, files);
    return tree;
  }

  filesOf(tree: string | undefined): Files {
    return (tree === undefined ? undefined : this.#trees.get(tree)) ?? {};
  }

  apply(tree: string, { path, content }: DocumentChange): Promise<WorkspaceOutcome> {
    const refusal = refusalOf(path);
    if (refusal !== undefined) return Promise.resolve({ kind: 'refused', failure: failure(refusal, { detail: path }) });
    const { [path]: _before, ...others } = this.filesOf(tree);
    const files = content === null ? others : { ...others, [path]: content };
    return Promise.resolve({ kind: 'applied', tree: this.keep(files) });
  }
}

/** The rules of a real workspace for the paths that an agent may write to. */
function refusalOf(path: string): 'forbidden/protected_path' | 'invalid_argument/path_outside' | undefined {
  const isOutside = path.startsWith('/') || path.split('/').some((step) => step === '..' || step === '.git');
  if (isOutside) return 'invalid_argument/path_outside';
  return isProtectedPath(path) ? 'forbidden/protected_path' : undefined;
}
