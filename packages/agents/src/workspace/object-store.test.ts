import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { aBlob, encodeTrees } from './git-objects.ts';
import { ObjectStore } from './object-store.ts';
import { aDirectory, isRoot } from '../../test/workspace-fixtures.ts';
import { openWorkspace } from './workspace.ts';

afterEach(() => vi.unstubAllEnvs());

describe('the object store', () => {
  it('is private, bare, without hooks, and holds objects that git itself finds sound', async () => {
    const dataDirectory = join(aDirectory(), 'not', 'yet', 'there');
    const workspace = await openWorkspace({ dataDirectory });
    const files = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`d${n % 9}/f${n}`, 'x'.repeat(n * n)]));
    await workspace.capture(aDirectory(files));
    await workspace.capture(aDirectory({ few: 'x' }));
    const store = join(dataDirectory, 'objects.git');
    expect(statSync(store).mode & 0o777).toBe(0o700);
    expect(existsSync(join(store, 'hooks'))).toBe(false);
    expect(
      execFileSync('git', ['--git-dir', store, 'fsck', '--full', '--strict', '--no-dangling'], { encoding: 'utf8' }),
    ).toBe('');
  });

  it('writes objects of every size at which the encoding of sizes changes', async () => {
    const store = await ObjectStore.open(aDirectory());
    const sizes = [0, 1, 15, 16, 17, 2047, 2048, 2049, 262_143, 262_144, 262_145, 5_000_000];
    const blobs = sizes.map((size) => aBlob(Buffer.alloc(size, 7)));
    await store.put([...blobs, ...encodeTrees([]).objects]);
    const read = await store.read(blobs.map(({ id }) => id));
    expect([...read.values()].map(({ length }) => length)).toEqual(sizes);
  });

  it('does not take a data directory of another format for its own', async () => {
    const dataDirectory = aDirectory();
    execFileSync('git', ['init', '-q', '--bare', join(dataDirectory, 'objects.git')]);
    await expect(openWorkspace({ dataDirectory })).rejects.toMatchObject({ reason: 'corrupt' });
  });

  it('says so when an object is damaged or gone', async () => {
    const dataDirectory = aDirectory();
    const workspace = await openWorkspace({ dataDirectory });
    const { tree } = await workspace.capture(aDirectory({ a: 'content' }));
    const { id } = aBlob(Buffer.from('content'));
    const place = join(dataDirectory, 'objects.git/objects', id.slice(0, 2), id.slice(2));
    chmodSync(place, 0o644);
    writeFileSync(place, 'damaged');
    const reading = { reason: 'corrupt' };
    await expect(workspace.readFile(tree, 'a')).rejects.toMatchObject(reading);
    await expect(workspace.checkout(tree, { traceId: 't', temporaryRoot: aDirectory() })).rejects.toMatchObject(
      reading,
    );
  });

  it('names what is missing when git is not installed', async () => {
    vi.stubEnv('PATH', aDirectory());
    await expect(openWorkspace({ dataDirectory: aDirectory() })).rejects.toMatchObject({ reason: 'git_missing' });
  });

  it.runIf(isRoot)('reports a full disk, keeps what it had, and works again when there is room', async ({ skip }) => {
    const dataDirectory = join(aDirectory(), 'small');
    mkdirSync(dataDirectory);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', dataDirectory], { stdio: 'ignore' });
    } catch {
      skip('mounting is not allowed here');
    }
    onTestFinished(() => void execFileSync('umount', [dataDirectory]));
    const workspace = await openWorkspace({ dataDirectory });
    const { tree } = await workspace.capture(aDirectory({ a: 'kept' }));
    const noise = Buffer.from(Array.from({ length: 2_000_000 }, () => Math.floor(Math.random() * 256)));
    const outcome = workspace.write(tree, [{ path: 'big', content: noise }]);
    await expect(outcome).rejects.toMatchObject({ reason: 'store_full' });
    await expect(workspace.capture(aDirectory({ noise }))).rejects.toMatchObject({ reason: 'store_full' });
    expect((await workspace.readFile(tree, 'a'))?.toString()).toBe('kept');
    execFileSync('mount', ['-o', 'remount,size=8m', dataDirectory]);
    expect((await workspace.write(tree, [{ path: 'big', content: noise }])).kind).toBe('written');
  });

  it('leaves no draft behind when it is created', async () => {
    const dataDirectory = aDirectory();
    await Promise.all([1, 2, 3, 4].map(async () => await ObjectStore.open(dataDirectory)));
    expect(readdirSync(dataDirectory)).toEqual(['objects.git']);
  });
});
