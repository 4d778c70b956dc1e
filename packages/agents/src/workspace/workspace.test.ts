import fc from 'fast-check';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { aDirectory, contents, fill, killAfter, startScript, userGit } from '../../test/workspace-fixtures.ts';
import { refusalOfPath } from './tree-path.ts';
import { openWorkspace, type Workspace, type WriteResult } from './workspace.ts';

const run = promisify(execFile);

async function aWorkspace(): Promise<Workspace> {
  return await openWorkspace({ dataDirectory: aDirectory() });
}

function treeOf(result: WriteResult): string {
  if (result.kind !== 'written') throw new Error(`not written: ${JSON.stringify(result)}`);
  return result.tree;
}

async function emptyTree(workspace: Workspace): Promise<string> {
  return (await workspace.capture(aDirectory())).tree;
}

describe('a workspace', () => {
  it('reads back the exact bytes of every file that it wrote, whatever the order and the names', async () => {
    const workspace = await aWorkspace();
    const empty = await emptyTree(workspace);
    const name = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
      fc.constantFrom(
        ':x',
        '-rf',
        ' ',
        '"',
        "'",
        '\\',
        'a\nb',
        '\t',
        '*',
        '!',
        '#',
        '.hidden',
        'CON',
        'git~1',
        '\u{FEFF}x',
      ),
    );
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
    const file = fc.tuple(
      path.filter((candidate) => refusalOfPath(candidate) === undefined),
      fc.uint8Array({ maxLength: 99 }),
    );
    const files = fc.uniqueArray(file, { selector: ([first]) => first.split('/')[0], maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(files, async (list) => {
        const changes = list.map(([at, content]) => ({ path: at, content }));
        const tree = treeOf(await workspace.write(empty, changes));
        expect(treeOf(await workspace.write(empty, changes.toReversed()))).toBe(tree);
        expect(new Set((await workspace.list(tree)).map((entry) => entry.path))).toEqual(
          new Set(list.map(([at]) => at)),
        );
        for (const [at, content] of list) expect(await workspace.readFile(tree, at)).toEqual(Buffer.from(content));
      }),
      { numRuns: 20 },
    );
  });

  it('gives the tree that step-by-step writes give, and the first tree again after the reverse', async () => {
    const workspace = await aWorkspace();
    const empty = await emptyTree(workspace);
    const both = treeOf(
      await workspace.write(empty, [
        { path: 'a/b', content: '1' },
        { path: 'c', content: '2' },
      ]),
    );
    const one = treeOf(await workspace.write(empty, [{ path: 'c', content: '2' }]));
    expect(treeOf(await workspace.write(one, [{ path: 'a/b', content: '1' }]))).toBe(both);
    expect(treeOf(await workspace.write(both, [{ path: 'a/b', content: null }]))).toBe(one);
  });

  it('has no file at a folder or at an absent path, and no tree of an unknown id', async () => {
    const workspace = await aWorkspace();
    const { tree } = await workspace.capture(aDirectory({ 'a/b': '1' }));
    expect(await workspace.readFile(tree, 'a')).toBeUndefined();
    expect(await workspace.readFile(tree, 'x')).toBeUndefined();
    for (const unknown of ['0'.repeat(64), '--help', 'HEAD', '']) {
      await expect(workspace.list(unknown)).rejects.toMatchObject({ reason: 'missing_tree' });
    }
  });

  it('prints differences that git apply and patch -p1 turn into the second tree', async () => {
    const workspace = await aWorkspace();
    const before = aDirectory({
      'keep.txt': 'same\n',
      'src/a.ts': 'one\ntwo\nthree\n',
      'gone.txt': 'bye\n',
      'no-newline': 'x',
      'crlf.txt': 'a\r\nb\r\n',
      'with space/é\t.txt': '1\n',
      '.gitattributes': '*.ts -diff\n*.txt text eol=lf\n',
    });
    const { tree } = await workspace.capture(before);
    const after = treeOf(
      await workspace.write(tree, [
        { path: 'src/a.ts', content: 'one\n2\nthree\n' },
        { path: 'gone.txt', content: null },
        { path: 'no-newline', content: 'y' },
        { path: 'crlf.txt', content: 'a\r\nB\r\n' },
        { path: 'new/file.ts', content: 'new\n' },
        { path: 'with space/é\t.txt', content: '2\n' },
      ]),
    );
    const difference = await workspace.diff(tree, after);
    expect(difference.text).toContain('--- a/src/a.ts\n+++ b/src/a.ts\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n');
    expect(difference.files.map(({ path, status, added, deleted }) => [path, status, added, deleted])).toEqual([
      ['crlf.txt', 'modified', 1, 1],
      ['gone.txt', 'deleted', 0, 1],
      ['new/file.ts', 'added', 1, 0],
      ['no-newline', 'modified', 1, 1],
      ['src/a.ts', 'modified', 1, 1],
      ['with space/é\t.txt', 'modified', 1, 1],
    ]);
    const patch = join(aDirectory(), 'patch');
    writeFileSync(patch, difference.patch);
    const copies = [aDirectory(contents(before)), aDirectory(contents(before))] as const;
    await userGit(copies[0], 'apply', patch);
    await run('patch', ['--binary', '-p1', '-i', patch], { cwd: copies[1] });
    for (const copy of copies) expect((await workspace.capture(copy)).tree).toBe(after);
  });

  it("names versions in a difference by the ids that the user's repository has for them", async () => {
    const workspace = await aWorkspace();
    const directory = aDirectory({ 'a.txt': 'one\r\nindex 0..1\n' });
    await userGit(directory, 'init');
    await userGit(directory, 'add', '.');
    const { tree } = await workspace.capture(directory);
    fill(directory, { 'a.txt': 'two\r\nindex 0..1\n' });
    const { text } = await workspace.diff(tree, (await workspace.capture(directory)).tree);
    expect(text).toBe(await userGit(directory, 'diff', '--abbrev=10'));
  });

  it('carries binary changes in a difference, without line counts', async () => {
    const workspace = await aWorkspace();
    const directory = aDirectory({ 'a.bin': Buffer.from([0, 1, 2]) });
    const { tree } = await workspace.capture(directory);
    const after = treeOf(await workspace.write(tree, [{ path: 'a.bin', content: Buffer.from([0, 9]) }]));
    const { patch, files } = await workspace.diff(tree, after);
    expect(files).toMatchObject([{ path: 'a.bin', added: null, deleted: null }]);
    writeFileSync(join(directory, '.patch'), patch);
    await userGit(directory, 'apply', '.patch');
    expect(contents(directory)['a.bin']).toBe('\u0000\u0009');
    expect((await workspace.diff(tree, tree)).files).toEqual([]);
  });

  it('is opened by several processes at once and sees what each wrote', async () => {
    const dataDirectory = aDirectory();
    const all = await Promise.all([1, 2, 3].map(async () => await openWorkspace({ dataDirectory })));
    const trees = await Promise.all(
      all.map(async (workspace, n) => (await workspace.capture(aDirectory({ f: String(n) }))).tree),
    );
    for (const workspace of all) for (const tree of trees) expect(await workspace.list(tree)).toHaveLength(1);
    expect(Object.keys(contents(dataDirectory)).filter((path) => !path.startsWith('objects.git/'))).toEqual([]);
  });

  it('has every object of each tree id that a writer had announced before it was killed', async () => {
    const dataDirectory = aDirectory();
    const script = `
      import { openWorkspace } from './workspace.ts';
      const workspace = await openWorkspace({ dataDirectory: ${JSON.stringify(dataDirectory)} });
      let { tree } = await workspace.capture(${JSON.stringify(aDirectory({ a: '1' }))});
      console.log(tree);
      for (let n = 0; ; n += 1) {
        const changes = Array.from({ length: 1 + (n % 80) }, (_, at) => ({ path: 'd' + at + '/f' + n, content: n + ' ' + at }));
        ({ tree } = await workspace.write(tree, changes));
        console.log(tree);
      }`;
    for (const delay of [0, 37, 111, 208, 350]) {
      const child = startScript(script);
      let announced = '';
      child.stdout?.on('data', (chunk: Buffer) => (announced += chunk.toString()));
      await killAfter(child, delay);
      const workspace = await openWorkspace({ dataDirectory });
      for (const tree of announced.split('\n').slice(0, -1)) {
        const entries = await workspace.list(tree);
        expect((await workspace.readBlobs(entries.map(({ blob }) => blob))).size).toBeGreaterThan(0);
      }
    }
  });
});
