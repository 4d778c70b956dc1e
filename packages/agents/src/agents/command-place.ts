import { chownSync, mkdirSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandOwner, createPrivateDirectory, type Sandbox } from '@vltair/sandbox';
import type { Environment } from '../test-runners/toolchain.ts';
import { catalogued } from '../workspace/catalogued.ts';
import { forceRemove } from '../workspace/force-remove.ts';
import type { Workspace } from '../workspace/workspace.ts';

export interface CommandPlaceOptions {
  readonly sandbox: Sandbox;
  readonly workspace: Workspace;
  /** The environment of the person who started us; commands get an allow-listed part of it. */
  readonly environment: Environment;
}

/** Where one command works: a clone of a tree, or an empty directory where the run has none. Gone afterwards. */
export class CommandPlace implements AsyncDisposable {
  readonly directory: string;
  readonly #remove: () => Promise<void>;

  private constructor(directory: string, remove: () => Promise<void>) {
    this.directory = directory;
    this.#remove = remove;
  }

  static async open(
    { workspace }: CommandPlaceOptions,
    tree: string | undefined,
    traceId: string,
  ): Promise<CommandPlace> {
    if (tree === undefined) return await CommandPlace.#empty(traceId);
    const owner = commandOwner();
    const clone = await catalogued(workspace.checkout(tree, { traceId, ...(owner === undefined ? {} : { owner }) }));
    return new CommandPlace(clone.directory, async () => await clone.dispose());
  }

  static async #empty(traceId: string): Promise<CommandPlace> {
    const outer = createPrivateDirectory(await realpath(tmpdir()), traceId).path;
    const directory = join(outer, 'project');
    mkdirSync(directory, { mode: 0o700 });
    const owner = commandOwner();
    if (owner !== undefined) chownSync(directory, owner.uid, owner.gid);
    return new CommandPlace(directory, async () => await forceRemove(outer));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#remove();
  }
}
