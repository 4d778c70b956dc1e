import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CheckoutOptions, Clone } from './clone.ts';
import { aDirectory, contents, isRoot, listing } from '../../test/workspace-fixtures.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

const PROJECT = {
  'src/a.ts': 'a\n',
  'src/deep/b.ts': 'b\r\n',
  'test/a.test.ts': 't\n',
  '.gitignore': 'dist\n',
  'run.sh': '#!/bin/sh\n',
};

interface Scene {
  readonly workspace: Workspace;
  readonly directory: string;
  readonly tree: string;
  readonly clone: Clone;
}

async function aClone(files: Record<string, string> = PROJECT, options: Partial<CheckoutOptions> = {}): Promise<Scene> {
  const directory = aDirectory(files);
  if (files['run.sh'] !== undefined) chmodSync(join(directory, 'run.sh'), 0o755);
  symlinkSync('src', join(directory, 'alias'));
  const workspace = await openWorkspace({ dataDirectory: aDirectory() });
  const { tree, dependencies } = await workspace.capture(directory);
  const clone = await workspace.checkout(tree, {
    traceId: 'trace',
    temporaryRoot: aDirectory(),
    dependencies: { from: directory, paths: dependencies },
    ...options,
  });
  onTestFinished(async () => await clone.dispose());
  return { workspace, directory, tree, clone };
}

const withModules = {
  ...PROJECT,
  'node_modules/lib/index.js': 'lib',
  'packages/p/node_modules/@s/lib/index.js': 'scoped',
};

describe('a clone', () => {
  it('holds exactly the tree, in a private directory named after trace and number', async () => {
    const { directory, clone } = await aClone();
    expect(contents(clone.directory)).toEqual(contents(directory));
    expect(readlinkSync(join(clone.directory, 'alias'))).toBe('src');
    expect(statSync(join(clone.directory, 'run.sh')).mode & 0o111).not.toBe(0);
    expect(dirname(clone.directory)).toMatch(/\/vltair-trace-\d+$/u);
    expect([statSync(dirname(clone.directory)).mode & 0o777, statSync(clone.directory).mode & 0o777]).toEqual([
      0o711, 0o700,
    ]);
    expect(await clone.isPristine()).toBe(true);
  });

  it("leaves the user's directory as it was, times included, from capture to disposal", async () => {
    const directory = aDirectory(withModules);
    const before = listing(directory);
    const workspace = await openWorkspace({ dataDirectory: aDirectory() });
    const { tree, dependencies } = await workspace.capture(directory);
    const options = {
      traceId: 't',
      temporaryRoot: aDirectory(),
      dependencies: { from: directory, paths: dependencies },
    };
    const clone = await workspace.checkout(tree, options);
    writeFileSync(join(clone.directory, 'node_modules/new'), 'x');
    rmSync(join(clone.directory, 'node_modules'), { recursive: true });
    rmSync(join(clone.directory, 'packages'), { recursive: true });
    rmSync(join(clone.directory, 'src'), { recursive: true });
    await clone.restore();
    await clone.dispose();
    expect(listing(directory)).toEqual(before);
  });

  it('takes a candidate and gives it back, also for new files in new folders', async () => {
    const { clone, directory } = await aClone();
    await clone.write('src/a.ts', 'changed');
    await clone.write('new/folder/x.ts', 'new');
    await clone.write('test/a.test.ts', null);
    expect(await clone.isPristine()).toBe(true);
    await clone.reset([{ path: 'run.sh', content: 'other' }]);
    expect(statSync(join(clone.directory, 'run.sh')).mode & 0o111).not.toBe(0);
    await clone.reset();
    expect(contents(clone.directory)).toEqual(contents(directory));
    expect([existsSync(join(clone.directory, 'new')), await clone.isPristine()]).toEqual([false, true]);
  });

  it('records what a command changed, without dependencies and what the tree ignores', async () => {
    const { clone, workspace, tree } = await aClone(withModules);
    writeFileSync(join(clone.directory, 'src/a.ts'), 'A\n');
    rmSync(join(clone.directory, 'src/deep/b.ts'));
    mkdirSync(join(clone.directory, 'dist'));
    writeFileSync(join(clone.directory, 'dist/out'), '');
    writeFileSync(join(clone.directory, 'made.txt'), 'made');
    const { tree: after, changes } = await clone.capture();
    expect(changes.map(({ path, status }) => [path, status])).toEqual([
      ['made.txt', 'added'],
      ['src/a.ts', 'modified'],
      ['src/deep/b.ts', 'deleted'],
    ]);
    expect((await workspace.readFile(after, 'src/a.ts'))?.toString()).toBe('A\n');
    await clone.restore();
    expect((await clone.capture()).tree).toBe(tree);
  });

  const harms: Record<string, (directory: string) => void> = {
    'a changed file': (at) => writeFileSync(join(at, 'src/a.ts'), 'x\n'),
    'a file of the same size and times': (at) => {
      const { atime, mtime } = statSync(join(at, 'src/a.ts'));
      writeFileSync(join(at, 'src/a.ts'), 'X\n');
      utimesSync(join(at, 'src/a.ts'), atime, mtime);
    },
    'a changed permission': (at) => chmodSync(join(at, 'run.sh'), 0o600),
    'a removed file': (at) => rmSync(join(at, 'src/deep/b.ts')),
    'a removed folder': (at) => rmSync(join(at, 'src'), { recursive: true }),
    'everything removed': (at) => rmSync(at, { recursive: true }),
    'a new file': (at) => writeFileSync(join(at, 'src/new'), ''),
    'a new empty folder': (at) => mkdirSync(join(at, 'empty')),
    'a cache in node_modules': (at) => mkdirSync(join(at, 'node_modules/.vite/x'), { recursive: true }),
    'a removed dependency': (at) => rmSync(join(at, 'node_modules/lib')),
    'removed dependencies': (at) => rmSync(join(at, 'node_modules'), { recursive: true }),
    'a folder in place of a file': (at) => {
      rmSync(join(at, 'src/a.ts'));
      mkdirSync(join(at, 'src/a.ts/inner'), { recursive: true });
    },
    'a link in place of a folder': (at) => {
      renameSync(join(at, 'src'), join(at, 'elsewhere'));
      symlinkSync('elsewhere', join(at, 'src'));
    },
    'a link in place of a file': (at) => {
      rmSync(join(at, 'src/a.ts'));
      symlinkSync('../run.sh', join(at, 'src/a.ts'));
    },
    'a redirected link': (at) => {
      rmSync(join(at, 'alias'));
      symlinkSync('test', join(at, 'alias'));
    },
    'folders without permissions': (at) => {
      chmodSync(join(at, 'src/deep'), 0);
      chmodSync(join(at, 'src'), 0);
      rmSync(join(at, 'run.sh'));
    },
    'a nested repository': (at) => {
      mkdirSync(join(at, 'src/.git'));
      writeFileSync(join(at, 'src/.git/config'), '');
    },
    'a fifo in place of a file': (at) => {
      rmSync(join(at, 'src/a.ts'));
      execFileSync('mkfifo', [join(at, 'src/a.ts')]);
    },
  };

  it.each(Object.entries(harms))('notices %s and restores the tree', async (_, harm) => {
    const { clone, directory, tree } = await aClone(withModules);
    const modules = ['node_modules', 'node_modules/lib', 'packages/p/node_modules/@s/lib'];
    harm(clone.directory);
    expect(await clone.isPristine()).toBe(false);
    await clone.restore();
    expect(await clone.isPristine()).toBe(true);
    expect((await clone.capture()).tree).toBe(tree);
    const ownFiles = Object.entries(contents(directory)).filter(([path]) => !path.includes('node_modules'));
    expect(contents(clone.directory)).toEqual(Object.fromEntries(ownFiles));
    for (const path of modules) expect(existsSync(join(clone.directory, path))).toBe(true);
    expect(readdirSync(join(clone.directory, 'node_modules'))).toEqual(['lib']);
  });

  it('C1: never writes outside through a link that a command planted', async () => {
    const { clone } = await aClone();
    const outside = aDirectory({ 'a.ts': 'outside', 'deep/b.ts': 'outside' });
    const before = listing(outside);
    rmSync(join(clone.directory, 'src'), { recursive: true });
    symlinkSync(outside, join(clone.directory, 'src'));
    await clone.write('src/a.ts', 'inside');
    await clone.write('src/deep/b.ts', null);
    await clone.restore();
    rmSync(join(clone.directory, 'test/a.test.ts'));
    symlinkSync(join(outside, 'a.ts'), join(clone.directory, 'test/a.test.ts'));
    await clone.write('test/a.test.ts', 'inside');
    symlinkSync(outside, join(clone.directory, 'extra'));
    await clone.restore();
    expect(listing(outside)).toEqual(before);
    expect(readFileSync(join(clone.directory, 'src/a.ts'), 'utf8')).toBe('a\n');
  });

  it('refuses to write outside, or a file in the place of a folder', async () => {
    const { clone } = await aClone();
    for (const path of ['../x', '/x', '.git/config', 'src']) {
      await expect(clone.write(path, 'x')).rejects.toMatchObject({ reason: 'invalid_path', path });
    }
  });

  it('is disposed of whatever its permissions and depth are, and twice', async () => {
    const { clone } = await aClone();
    const nest = "for (let n = 0; n < 1500; n += 1) { fs.mkdirSync('deeper'); process.chdir('deeper'); }";
    execFileSync(process.execPath, ['-e', nest], { cwd: clone.directory });
    for (const folder of ['src/deep', 'src', 'test']) chmodSync(join(clone.directory, folder), 0);
    await clone.dispose();
    await clone.dispose();
    expect(existsSync(dirname(clone.directory))).toBe(false);
  });

  it('two clones of one trace have directories of their own, and each names its owner', async () => {
    const temporaryRoot = aDirectory();
    const [one, two] = [await aClone(PROJECT, { temporaryRoot }), await aClone(PROJECT, { temporaryRoot })];
    expect(dirname(one.clone.directory)).not.toBe(dirname(two.clone.directory));
    expect(dirname(one.clone.directory)).toMatch(/vltair-trace-\d+$/);
    expect(readFileSync(join(one.clone.directory, '..', 'owner'), 'utf8')).toMatch(new RegExp(`^${process.pid}-`));
    await expect(aClone(PROJECT, { traceId: '../x' })).rejects.toMatchObject({ reason: 'invalid_path' });
  });

  it.runIf(isRoot)(
    'leaves nothing for a sandbox to hand over, so that a run that changes nothing leaves it pristine',
    async () => {
      const { clone } = await aClone(withModules, { owner: { uid: 65534, gid: 65534 } });
      const places = [
        'node_modules',
        ...readdirSync(join(clone.directory, 'node_modules')).map((name) => `node_modules/${name}`),
      ];
      expect(places.map((place) => lstatSync(join(clone.directory, place)).uid)).toEqual(places.map(() => 65534));
      expect(await clone.isPristine()).toBe(true);
    },
  );

  it.runIf(isRoot)('belongs to the owner asked for, also after a restore', async () => {
    const { clone } = await aClone(withModules, { owner: { uid: 65534, gid: 65534 } });
    lchownSync(join(clone.directory, 'test/a.test.ts'), 0, 0);
    rmSync(join(clone.directory, 'src'), { recursive: true });
    expect(await clone.isPristine()).toBe(false);
    await clone.restore();
    const owned = ['.', 'src/a.ts', 'src', 'test/a.test.ts', 'alias', 'node_modules', '..'];
    expect(owned.map((path) => lstatSync(join(clone.directory, path)).uid)).toEqual(owned.map(() => 65534));
    expect(await clone.isPristine()).toBe(true);
  });
});
