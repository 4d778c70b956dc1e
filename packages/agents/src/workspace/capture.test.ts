import { execFileSync } from 'node:child_process';
import { existsSync, appendFileSync, chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { aDirectory, fill, isRoot, listing, startScript, userGit } from '../../test/workspace-fixtures.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

async function aWorkspace(options: { maxFileBytes?: number } = {}): Promise<Workspace> {
  return await openWorkspace({ dataDirectory: aDirectory(), ...options });
}

async function pathsOf(directory: string): Promise<readonly string[]> {
  const workspace = await aWorkspace();
  return (await workspace.list((await workspace.capture(directory)).tree)).map(({ path }) => path);
}

afterEach(() => vi.unstubAllEnvs());

describe('a capture', () => {
  it('gives the same tree twice and leaves the directory as it was, times included', async () => {
    const workspace = await aWorkspace();
    const directory = aDirectory({
      'a/b.txt': '1',
      '.gitignore': 'dist\n',
      'dist/x': '2',
      'node_modules/m/index.js': '3',
    });
    await userGit(directory, 'init');
    await userGit(directory, 'add', '.');
    const before = listing(directory);
    const first = await workspace.capture(directory);
    expect((await workspace.capture(directory)).tree).toBe(first.tree);
    expect((await (await aWorkspace()).capture(directory)).tree).toBe(first.tree);
    expect(listing(directory)).toEqual(before);
    expect(first).toMatchObject({
      files: 2,
      bytes: 6,
      dependencies: ['node_modules'],
      ignored: ['dist'],
      skipped: [],
      notes: [],
    });
  });

  it('keeps bytes exactly, whatever attributes and the configuration of the user say', async () => {
    const home = aDirectory({
      '.gitconfig': '[core]\n autocrlf = true\n hooksPath = /nowhere\n safecrlf = true\n excludesFile = ~/ig\n',
      ig: '*\n',
    });
    vi.stubEnv('HOME', home);
    vi.stubEnv('GIT_DIR', join(home, 'nowhere'));
    vi.stubEnv('GIT_INDEX_FILE', join(home, 'index'));
    vi.stubEnv('GIT_CONFIG_PARAMETERS', "'core.autocrlf'='true'");
    const files = {
      'crlf.txt': Buffer.from('a\r\nb\r\n'),
      'bom.txt': Buffer.from('\u{FEFF}x'),
      'id.txt': Buffer.from('$Id$\n'),
      'latin.txt': Buffer.from([0xe9, 10]),
      'utf16.txt': Buffer.from('\u{FEFF}a\n', 'utf16le'),
      '.gitattributes': Buffer.from(
        '* text=auto eol=lf ident\n*.txt filter=evil\nutf16.txt working-tree-encoding=UTF-16\n',
      ),
    };
    const workspace = await aWorkspace();
    const { tree } = await workspace.capture(aDirectory(files));
    await using clone = await workspace.checkout(tree, { traceId: 'bytes', temporaryRoot: aDirectory() });
    for (const [path, content] of Object.entries(files)) expect(await workspace.readFile(tree, path)).toEqual(content);
    expect((await workspace.capture(clone.directory)).tree).toBe(tree);
  });

  it('records every name that a file can have', async () => {
    const names = [
      ' ',
      'a b',
      '"',
      "'",
      'new\nline',
      '\t',
      '-rf',
      '--',
      ':(top)x',
      '*',
      '!x',
      '#x',
      'é',
      'e\u{301}',
      '\u{1F600}',
      '\\',
      '.x',
      '~',
      'a.',
      'C:',
    ];
    const directory = aDirectory(
      Object.fromEntries(
        names.flatMap((name) => [
          [name, name],
          [`d${name}/${name}`, name],
        ]),
      ),
    );
    expect(new Set(await pathsOf(directory))).toEqual(new Set(names.flatMap((name) => [name, `d${name}/${name}`])));
  });

  it('skips names that are not UTF-8, and says so', async () => {
    const directory = aDirectory({ a: '1' });
    writeFileSync(Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff, 0xfe])]), 'x');
    const { files, skipped } = await (await aWorkspace()).capture(directory);
    expect([files, skipped.map(({ reason }) => reason)]).toEqual([1, ['invalid_name']]);
  });

  it('respects nested ignore files, negations and info/exclude, but keeps what is tracked', async () => {
    const directory = aDirectory({
      '.gitignore': '*.log\n!keep.log\n/build/\n',
      'a.log': '',
      'keep.log': '',
      'build/out': '',
      'build/kept': '',
      'src/build/x': '',
      'sub/.gitignore': '!a.log\nsecret\n',
      'sub/a.log': '',
      'sub/secret': '',
      'local.txt': '',
      '.env': '',
    });
    await userGit(directory, 'init');
    await userGit(directory, 'add', '-f', 'build/kept');
    appendFileSync(join(directory, '.git/info/exclude'), 'local.txt\n');
    const expected = ['.env', '.gitignore', 'build/kept', 'keep.log', 'src/build/x', 'sub/.gitignore', 'sub/a.log'];
    expect(await pathsOf(directory)).toEqual(expected);
    const { ignored } = await (await aWorkspace()).capture(directory);
    expect(ignored).toEqual(['a.log', 'build/out', 'local.txt', 'sub/secret']);
  });

  it('of a folder inside a repository holds that folder alone, under the rules of the folders above', async () => {
    const directory = aDirectory({
      '.gitignore': 'dist\n/packages/a/gen\nscratch\n',
      'packages/a/x': '',
      'packages/a/dist/y': '',
      'packages/a/gen/z': '',
      'packages/b/x': '',
      'scratch/copy/x': '',
    });
    await userGit(directory, 'init');
    expect(await pathsOf(join(directory, 'packages/a'))).toEqual(['x']);
    // A folder that the repository ignores is a project of its own.
    expect(await pathsOf(join(directory, 'scratch/copy'))).toEqual(['x']);
  });

  it("runs nothing that the user's repository is configured to run, and writes nothing into it", async () => {
    const directory = aDirectory({ a: '' });
    const ran = join(aDirectory(), 'ran');
    const hook = join(aDirectory({ hook: `#!/bin/sh\ntouch ${ran}\n` }), 'hook');
    chmodSync(hook, 0o755);
    await userGit(directory, 'init');
    await userGit(directory, 'add', '.');
    const evil = `[core]\n fsmonitor = ${hook}\n pager = ${hook}\n[filter "x"]\n clean = ${hook}\n process = ${hook}\n`;
    appendFileSync(join(directory, '.git/config'), evil);
    fill(directory, { '.gitattributes': '* filter=x\n', '.git/hooks/post-index-change': `#!/bin/sh\ntouch ${ran}\n` });
    chmodSync(join(directory, '.git/hooks/post-index-change'), 0o755);
    const before = listing(directory);
    expect(await pathsOf(directory)).toEqual(['.gitattributes', 'a']);
    expect([existsSync(ran), listing(directory)]).toEqual([false, before]);
  });

  it('works in linked worktrees and with a repository that git cannot read', async () => {
    const directory = aDirectory({ 'x.txt': '', '.gitignore': '*.o\n' });
    await userGit(directory, 'init');
    await userGit(directory, 'add', '.');
    await userGit(directory, 'commit', '-qm', 'x');
    const linked = join(aDirectory(), 'linked');
    await userGit(directory, 'worktree', 'add', '-q', linked);
    appendFileSync(join(directory, '.git/info/exclude'), 'no.txt\n');
    fill(linked, { 'a.o': '', 'no.txt': '', 'yes.txt': '' });
    expect(await pathsOf(linked)).toEqual(['.gitignore', 'x.txt', 'yes.txt']);
    writeFileSync(join(directory, '.git/index'), 'garbage');
    expect(await pathsOf(directory)).toEqual(['.gitignore', 'x.txt']);
  });

  it("leaves out installed dependencies, caches, reports and the product's own data, at any depth", async () => {
    const directory = aDirectory({
      'node_modules/a/i.js': '',
      'packages/p/node_modules/b/i.js': '',
      '.venv/pyvenv.cfg': '',
      'env/pyvenv.cfg': '',
      'env/x': '',
      'a/__pycache__/x.pyc': '',
      'coverage/lcov.info': '',
      'src/coverage/index.ts': '',
      '.vltair/x': '',
      'data/keep': '',
    });
    const workspace = await openWorkspace({ dataDirectory: join(directory, 'data') });
    const snapshot = await workspace.capture(directory);
    expect((await workspace.list(snapshot.tree)).map(({ path }) => path)).toEqual(['src/coverage/index.ts']);
    expect(snapshot.dependencies).toEqual(['.venv', 'env', 'node_modules', 'packages/p/node_modules']);
  });

  it('keeps links and executable bits, and notes links that lead out of the directory', async () => {
    const directory = aDirectory({ 'run.sh': '#!/bin/sh\n', 'd/x': '' });
    chmodSync(join(directory, 'run.sh'), 0o755);
    symlinkSync('d', join(directory, 'inside'));
    symlinkSync('../../outside', join(directory, 'd/out'));
    symlinkSync(join(directory, 'd'), join(directory, 'absolute'));
    const workspace = await aWorkspace();
    const { tree, notes } = await workspace.capture(directory);
    const modes = (await workspace.list(tree)).map(({ path, mode }) => `${mode} ${path}`);
    expect(modes).toEqual(['120000 absolute', '120000 d/out', '100644 d/x', '120000 inside', '100755 run.sh']);
    expect(await workspace.readFile(tree, 'd/out')).toEqual(Buffer.from('../../outside'));
    expect(notes).toEqual([
      { path: 'absolute', reason: 'link_outside' },
      { path: 'd/out', reason: 'link_outside' },
    ]);
  });

  it('records a nested repository as plain files, without its .git', async () => {
    const directory = aDirectory({ a: '', 'nested/b': '', 'nested/.gitignore': 'c\n', 'nested/c': '' });
    await userGit(join(directory, 'nested'), 'init');
    expect(await pathsOf(directory)).toEqual(['a', 'nested/.gitignore', 'nested/b']);
    expect((await (await aWorkspace()).capture(directory)).notes).toEqual([
      { path: 'nested', reason: 'nested_repository' },
    ]);
  });

  it('skips large files, sockets and fifos, and names them', async () => {
    const directory = aDirectory({ big: 'x'.repeat(101), fits: 'x'.repeat(100) });
    execFileSync('mkfifo', [join(directory, 'fifo')]);
    const server = createServer().listen(join(directory, 'socket'));
    onTestFinished(() => void server.close());
    const { files, skipped } = await (await aWorkspace({ maxFileBytes: 100 })).capture(directory);
    expect(files).toBe(1);
    expect(skipped).toEqual([
      { path: 'big', reason: 'too_large' },
      { path: 'fifo', reason: 'not_a_file' },
      { path: 'socket', reason: 'not_a_file' },
    ]);
  });

  it('records an empty directory, and refuses what is none', async () => {
    const workspace = await aWorkspace();
    expect(await workspace.capture(aDirectory())).toMatchObject({ files: 0, bytes: 0 });
    await expect(workspace.capture(join(aDirectory(), 'absent'))).rejects.toMatchObject({ reason: 'not_a_directory' });
    await expect(workspace.capture(join(aDirectory({ f: '' }), 'f'))).rejects.toMatchObject({
      reason: 'not_a_directory',
    });
  });

  it('goes on while files come and go', async () => {
    const directory = aDirectory(
      Object.fromEntries(Array.from({ length: 800 }, (_, n) => [`d${n % 20}/f${n}`, String(n)])),
    );
    const churn = startScript(`
      import { existsSync, appendFileSync, rmSync, writeFileSync } from 'node:fs';
      console.log('ready');
      for (let n = 0; ; n += 1) {
        const path = ${JSON.stringify(directory)} + '/d' + (n % 20) + '/';
        appendFileSync(path + 'f' + (n % 800), 'x');
        writeFileSync(path + 'temporary', 'x');
        rmSync(path + 'temporary');
      }`);
    await new Promise<void>((resolve) => churn.stdout?.once('data', () => resolve()));
    const workspace = await aWorkspace();
    const snapshots = [await workspace.capture(directory), await workspace.capture(directory)];
    churn.kill('SIGKILL');
    for (const { files } of snapshots) expect(files).toBeGreaterThanOrEqual(800);
  });

  it.runIf(isRoot)('works on a directory and a repository of another user', async () => {
    const directory = aDirectory({ a: '', '.gitignore': 'b\n', b: '', c: '' });
    await userGit(directory, 'init');
    await userGit(directory, 'add', '-f', 'b');
    execFileSync('chown', ['-R', '65534:65534', directory]);
    expect(await pathsOf(directory)).toEqual(['.gitignore', 'a', 'b', 'c']);
  });

  it.runIf(isRoot)(
    'by an ordinary user works on a readable directory of root and names what is unreadable',
    async () => {
      const directory = aDirectory({ a: '1', secret: '2' });
      await userGit(directory, 'init');
      chmodSync(directory, 0o755);
      const dataDirectory = aDirectory();
      chownSync(dataDirectory, 65534, 65534);
      const attempt = async () => {
        const child = startScript(
          `import { openWorkspace } from './workspace.ts';
         const workspace = await openWorkspace({ dataDirectory: ${JSON.stringify(dataDirectory)} });
         const outcome = await workspace.capture(${JSON.stringify(directory)}).catch((error) => error);
         console.log(JSON.stringify({ files: outcome.files, reason: outcome.reason, path: outcome.path }));`,
          { uid: 65534 },
        );
        let output = '';
        for await (const chunk of child.stdout ?? []) output += String(chunk);
        return JSON.parse(output) as unknown;
      };
      expect(await attempt()).toEqual({ files: 2 });
      chmodSync(join(directory, 'secret'), 0o600);
      expect(await attempt()).toEqual({ reason: 'unreadable', path: 'secret' });
      mkdirSync(join(directory, 'closed'), { mode: 0o700 });
      chmodSync(join(directory, 'secret'), 0o644);
      expect(await attempt()).toEqual({ reason: 'unreadable', path: 'closed' });
    },
  );
});
