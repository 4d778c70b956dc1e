import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { applyToDirectory } from './apply-to-directory.ts';
import { aDirectory, contents, fill, isRoot, listing, startScript } from '../../test/workspace-fixtures.ts';
import type { TreeChange } from './tree-change.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

const PROJECT = {
  'src/a.ts': 'a\n',
  'src/b.ts': 'b\n',
  'old/only.ts': 'o\n',
  'other.txt': 'other\n',
  'run.sh': '#!/bin/sh\n',
};
const CHANGES: readonly TreeChange[] = [
  { path: 'src/a.ts', content: 'A\r\n' },
  { path: 'src/b.ts', content: 'B\n' },
  { path: 'old/only.ts', content: null },
  { path: 'new/deep/c.ts', content: 'C\n' },
];
const AFTER = {
  'new/deep/c.ts': 'C\n',
  'other.txt': 'other\n',
  'run.sh': '#!/bin/sh\n',
  'src/a.ts': 'A\r\n',
  'src/b.ts': 'B\n',
};

interface Scene {
  readonly workspace: Workspace;
  readonly dataDirectory: string;
  readonly directory: string;
  readonly before: string;
  readonly after: string;
}

async function aScene(
  changes = CHANGES,
  files: Record<string, string> = PROJECT,
  directory = aDirectory(),
): Promise<Scene> {
  fill(directory, files);
  const dataDirectory = aDirectory();
  const workspace = await openWorkspace({ dataDirectory });
  const { tree: before } = await workspace.capture(directory);
  const result = await workspace.write(before, changes);
  if (result.kind !== 'written') throw new Error(JSON.stringify(result));
  return { workspace, dataDirectory, directory, before, after: result.tree };
}

describe('applying a difference to a directory', () => {
  it('writes what differs and nothing else, and knows when it is done', async () => {
    const scene = await aScene();
    const untouched = lstatSync(join(scene.directory, 'other.txt')).mtimeMs;
    const files = ['new/deep/c.ts', 'old/only.ts', 'src/a.ts', 'src/b.ts'];
    expect(await applyToDirectory(scene)).toEqual({ kind: 'applied', files });
    expect(contents(scene.directory)).toEqual(AFTER);
    expect(existsSync(join(scene.directory, 'old'))).toBe(false);
    expect(lstatSync(join(scene.directory, 'other.txt')).mtimeMs).toBe(untouched);
    expect((await scene.workspace.capture(scene.directory)).tree).toBe(scene.after);
    const done = listing(scene.directory);
    expect(await applyToDirectory(scene)).toEqual({ kind: 'already_applied' });
    expect(listing(scene.directory)).toEqual(done);
  });

  it('completes what is half there already', async () => {
    const scene = await aScene();
    fill(scene.directory, { 'src/a.ts': 'A\r\n', 'new/deep/c.ts': 'C\n' });
    expect(await applyToDirectory(scene)).toEqual({ kind: 'applied', files: ['old/only.ts', 'src/b.ts'] });
    expect(contents(scene.directory)).toEqual(AFTER);
  });

  const meanwhile: Record<string, (directory: string) => void> = {
    'a changed file': (at) => writeFileSync(join(at, 'src/b.ts'), 'mine\n'),
    'a removed file': (at) => rmSync(join(at, 'src/b.ts')),
    'a changed file that is to be removed': (at) => writeFileSync(join(at, 'old/only.ts'), 'mine\n'),
    'a file where a new one is to be': (at) => fill(at, { 'new/deep/c.ts': 'mine' }),
    'a file where a new folder is to be': (at) => fill(at, { new: 'mine' }),
    'a folder where a new file is to be': (at) => fill(at, { 'new/deep/c.ts/mine': 'mine' }),
    'a link in place of a file': (at) => {
      renameSync(join(at, 'src/b.ts'), join(at, 'moved'));
      symlinkSync('../moved', join(at, 'src/b.ts'));
    },
    'a fifo in place of a file': (at) => {
      rmSync(join(at, 'src/b.ts'));
      execFileSync('mkfifo', [join(at, 'src/b.ts')]);
    },
  };

  it.each(Object.entries(meanwhile))('A1: writes nothing when there is %s meanwhile', async (_, change) => {
    const scene = await aScene();
    change(scene.directory);
    const before = listing(scene.directory);
    expect(await applyToDirectory(scene)).toMatchObject({ kind: 'changed_meanwhile', files: [expect.any(String)] });
    expect(listing(scene.directory)).toEqual(before);
  });

  it('does not mind changes of files that it does not touch, nor of their permissions', async () => {
    const scene = await aScene();
    fill(scene.directory, { 'other.txt': 'mine', 'mine.txt': 'mine' });
    chmodSync(join(scene.directory, 'src/a.ts'), 0o750);
    expect((await applyToDirectory(scene)).kind).toBe('applied');
    expect(statSync(join(scene.directory, 'src/a.ts')).mode & 0o777).toBe(0o750);
  });

  it('refuses to write through a folder that became a link', async () => {
    const scene = await aScene();
    const outside = aDirectory({ 'a.ts': 'a\n', 'b.ts': 'b\n' });
    rmSync(join(scene.directory, 'src'), { recursive: true });
    symlinkSync(outside, join(scene.directory, 'src'));
    const before = listing(outside);
    expect(await applyToDirectory(scene)).toEqual({ kind: 'refused', reason: 'through_link', path: 'src/a.ts' });
    expect(listing(outside)).toEqual(before);
  });

  it('sets executable bits where the difference does', async () => {
    const scene = await aScene([
      { path: 'run.sh', content: '#!/bin/sh\n', executable: true },
      { path: 'tool', content: 'x', executable: true },
    ]);
    await applyToDirectory(scene);
    for (const path of ['run.sh', 'tool']) expect(statSync(join(scene.directory, path)).mode & 0o111).toBe(0o111);
  });

  it('writes links that a command in a clone made', async () => {
    const scene = await aScene();
    await using clone = await scene.workspace.checkout(scene.before, {
      traceId: 'l',
      temporaryRoot: aDirectory(),
    });
    rmSync(join(clone.directory, 'other.txt'));
    symlinkSync('run.sh', join(clone.directory, 'other.txt'));
    symlinkSync('src', join(clone.directory, 'alias'));
    const { tree: after, changes } = await clone.capture();
    expect(changes.map(({ path, status }) => [path, status])).toEqual([
      ['alias', 'added'],
      ['other.txt', 'type_changed'],
    ]);
    expect((await applyToDirectory({ ...scene, after })).kind).toBe('applied');
    expect((await scene.workspace.capture(scene.directory)).tree).toBe(after);
    expect(await applyToDirectory({ ...scene, after })).toEqual({ kind: 'already_applied' });
  });

  it('notices a change that comes after the first look, while contents are being staged', async () => {
    const scene = await aScene();
    // Contents are asked for between the first look at the files and their replacement.
    const readBlobs: Workspace['readBlobs'] = async (blobs) => {
      fill(scene.directory, { 'src/b.ts': 'late\n' });
      return await scene.workspace.readBlobs(blobs);
    };
    const result = await applyToDirectory({ ...scene, workspace: { ...scene.workspace, readBlobs } });
    expect(result).toEqual({ kind: 'changed_meanwhile', files: ['src/b.ts'] });
    expect(contents(scene.directory)).toEqual({ ...PROJECT, 'src/b.ts': 'late\n' });
  });

  it('puts a file in the place of a folder, and a folder in the place of a file', async () => {
    const scene = await aScene([
      { path: 'src/a.ts', content: null },
      { path: 'src/b.ts', content: null },
      { path: 'src', content: 'a file now' },
      { path: 'other.txt', content: null },
      { path: 'other.txt/inner', content: 'a folder now' },
    ]);
    expect((await applyToDirectory(scene)).kind).toBe('applied');
    expect((await scene.workspace.capture(scene.directory)).tree).toBe(scene.after);
    expect(await applyToDirectory(scene)).toEqual({ kind: 'already_applied' });
  });

  it('says which file or folder is read-only, and has written nothing then', async () => {
    for (const path of ['src/b.ts', 'src']) {
      const scene = await aScene();
      chmodSync(join(scene.directory, path), 0o555);
      const before = listing(scene.directory);
      await expect(applyToDirectory(scene)).rejects.toMatchObject({
        reason: 'unwritable',
        path: expect.stringMatching(/^src/u),
      });
      chmodSync(join(scene.directory, path), 0o755);
      expect(contents(scene.directory)).toEqual(PROJECT);
      expect(before).toHaveLength(listing(scene.directory).length);
    }
  });

  it.runIf(isRoot)('keeps the owner of a file, and gives new files the owner of their folder', async () => {
    const scene = await aScene();
    for (const path of ['.', 'src', 'src/a.ts', 'src/b.ts']) lchownSync(join(scene.directory, path), 65534, 65534);
    await applyToDirectory(scene);
    const uidOf = (path: string) => lstatSync(join(scene.directory, path)).uid;
    expect(['src/a.ts', 'new', 'new/deep', 'new/deep/c.ts'].map(uidOf)).toEqual([65534, 65534, 65534, 65534]);
  });

  it.runIf(isRoot)('meets a full disk before it replaced a file, and leaves nothing behind', async ({ skip }) => {
    const directory = aDirectory();
    const small = join(directory, 'small');
    mkdirSync(small);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', small], { stdio: 'ignore' });
    } catch {
      skip('mounting is not allowed here');
    }
    onTestFinished(() => void execFileSync('umount', [small]));
    const scene = await aScene([...CHANGES, { path: 'src/big.ts', content: 'x'.repeat(300_000) }], PROJECT, small);
    const before = listing(small);
    await expect(applyToDirectory(scene)).rejects.toMatchObject({ reason: 'directory_full', path: 'src/big.ts' });
    const withoutFolderTimes = (rows: readonly string[]) => rows.filter((row) => !/^(src|old) /u.test(row));
    expect(withoutFolderTimes(listing(small))).toEqual(withoutFolderTimes(before));
  });

  it('A3: is completed by the same call after a kill before any of its steps', async () => {
    const scene = await aScene();
    const outcomes: string[] = [];
    for (let step = 1; outcomes.at(-1) !== 'already_applied'; step += 1) {
      const directory = aDirectory(PROJECT);
      await killedBefore(step, { ...scene, directory });
      const { kind, ...result } = await applyToDirectory({ ...scene, directory });
      outcomes.push('files' in result ? `${kind} ${result.files.length}` : kind);
      expect((await scene.workspace.capture(directory)).tree).toBe(scene.after);
      expect(contents(directory)).toEqual(AFTER);
      expect(existsSync(join(directory, 'old'))).toBe(false);
    }
    // Killed while staging, after the removal, and after each of the three replacements.
    expect([...new Set(outcomes)]).toEqual(['applied 4', 'applied 3', 'applied 2', 'applied 1', 'already_applied']);
  });
});

/** Applies in a process that kills itself before its nth change of the file system. */
async function killedBefore(step: number, { dataDirectory, directory, before, after }: Scene): Promise<void> {
  const child = startScript(`
    import files from 'node:fs/promises';
    import { syncBuiltinESMExports } from 'node:module';
    import { openWorkspace } from './workspace.ts';
    import { applyToDirectory } from './apply-to-directory.ts';
    const workspace = await openWorkspace(${JSON.stringify({ dataDirectory })});
    let steps = 0;
    const isChange = { open: (flag) => flag === 'wx', rm: (options) => options === undefined };
    for (const name of ['open', 'mkdir', 'rename', 'rm', 'rmdir', 'symlink']) {
      const original = files[name];
      files[name] = (path, option, ...rest) => {
        if ((isChange[name]?.(option) ?? true) && ++steps === ${step}) process.kill(process.pid, 'SIGKILL');
        return original(path, option, ...rest);
      };
    }
    syncBuiltinESMExports();
    await applyToDirectory({ workspace, ...${JSON.stringify({ directory, before, after })} });`);
  await new Promise<void>((resolve) => child.once('close', () => resolve()));
}
