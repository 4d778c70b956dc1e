import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { SourceEntry } from './source-entry.ts';
import { walkSources, type WalkOptions } from './walk-sources.ts';

const made: string[] = [];
afterEach(async () => {
  for (const directory of made.splice(0)) await rm(directory, { recursive: true, force: true });
});

type Tree = Readonly<Record<string, string | Uint8Array>>;

/** A directory of its own with these files. */
async function aDirectory(tree: Tree): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'walk-sources-')));
  made.push(directory);
  await fill(directory, tree);
  return directory;
}

async function fill(directory: string, tree: Tree): Promise<void> {
  for (const [path, content] of Object.entries(tree)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
  }
}

async function entriesIn(directory: string, options?: WalkOptions): Promise<readonly SourceEntry[]> {
  return await Array.fromAsync(walkSources(directory, options));
}

/** The paths of files; of what is skipped with the reason. */
async function walked(directory: string, options?: WalkOptions): Promise<readonly string[]> {
  const entries = await entriesIn(directory, options);
  return entries.map((entry) => (entry.kind === 'file' ? entry.path : `${entry.path}: ${entry.reason}`));
}

test('files come with their text, in the order of the code units of their paths', async () => {
  const directory = await aDirectory({
    'a/b': '1',
    'a-b': '2',
    'a.b': '3',
    'a/B/c': '4',
    ä: '5',
    'z😀': '6',
    'z\uffee': '7',
  });
  const entries = await entriesIn(directory);
  const paths = entries.map(({ path }) => path);
  expect(paths).toEqual(['a-b', 'a.b', 'a/B/c', 'a/b', 'z😀', 'z\uffee', 'ä']);
  expect(paths).toEqual(paths.toSorted((a, b) => (a < b ? -1 : 1)));
  expect(entries[3]).toEqual({ kind: 'file', path: 'a/b', text: '1' });
});

test('what is called .git or .vltair never comes', async () => {
  const directory = await aDirectory({
    '.git/config': '',
    '.vltair/x': '',
    'a/.git': 'gitdir: x',
    'a/.vltair/y': '',
    'a/.github': '',
  });
  expect(await walked(directory)).toEqual(['a/.github']);
});

describe('a .gitignore', () => {
  test('holds for its directory and below, and a deeper one wins', async () => {
    const directory = await aDirectory({
      '.gitignore': '*.log\n/only-here\nbuild/\n# no rule\n!keep.log\n',
      'a.log': '',
      'keep.log': '',
      'only-here': '',
      'build/x': '',
      'sub/.gitignore': '!a.log\n/build2\n\\#odd\n',
      'sub/a.log': '',
      'sub/b.log': '',
      'sub/only-here': '',
      'sub/build/x': '',
      'sub/build2/x': '',
      'sub/more/build2': '',
      'sub/more/a.log': '',
      'sub/more/#odd': '',
    });
    expect(await walked(directory)).toEqual([
      '.gitignore',
      'keep.log',
      'sub/.gitignore',
      'sub/a.log',
      'sub/more/a.log',
      'sub/more/build2',
      'sub/only-here',
    ]);
  });

  test('may bring back a directory that one above leaves out', async () => {
    const directory = await aDirectory({ '.gitignore': 'b/\n', 'a/.gitignore': '!b/\n', 'a/b/c': '', 'b/c': '' });
    expect(await walked(directory)).toEqual(['.gitignore', 'a/.gitignore', 'a/b/c']);
  });

  test('above the directory counts as far as the repository goes', async () => {
    const directory = await aDirectory({
      '.gitignore': '*.top\n',
      'repo/.git/HEAD': '',
      'repo/.gitignore': 'node_modules\n/packages/a/out\n',
      'repo/packages/.gitignore': '*.tmp\n',
      'repo/packages/a/x.top': '',
      'repo/packages/a/x.tmp': '',
      'repo/packages/a/out/x': '',
      'repo/packages/a/node_modules/x': '',
      'repo/packages/a/x': '',
    });
    expect(await walked(join(directory, 'repo/packages/a'))).toEqual(['x', 'x.top']);
    expect(await walked(join(directory, 'repo/packages/a/node_modules'))).toEqual(['x']);
  });

  test('that is a link is not followed', async () => {
    const directory = await aDirectory({ rules: 'x\n', x: '' });
    await symlink('rules', join(directory, '.gitignore'));
    expect(await walked(directory)).toEqual(['.gitignore: symlink_inside', 'rules', 'x']);
  });

  test('leaves out what git leaves out', async () => {
    const name = fc.constantFrom('a', 'b', 'A', 'ab', 'a.b', 'b[1]', 'a b', '!a', '#b', 'a*');
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
    const glob = fc.constantFrom(
      'a',
      'b',
      'a*',
      '*b',
      '?',
      '[ab]',
      '*',
      '**',
      'a.b',
      String.raw`b\[1\]`,
      String.raw`\!a`,
      String.raw`\#b`,
      'a b',
      String.raw`a\*`,
    );
    const pattern = fc
      .tuple(
        fc.constantFrom('', '!'),
        fc.constantFrom('', '/'),
        fc.array(glob, { minLength: 1, maxLength: 3 }),
        fc.constantFrom('', '/', ' '),
      )
      .map(([sign, root, globs, end]) => `${sign}${root}${globs.join('/')}${end}`);
    const file = fc.array(pattern, { maxLength: 4 }).map((lines) => lines.join('\n'));
    const trees = fc.record({
      paths: fc.uniqueArray(path, { minLength: 1, maxLength: 12 }),
      rules: fc.array(fc.tuple(fc.oneof(fc.constant(''), path), file), { maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(trees, async ({ paths, rules }) => {
        // a file may not stand where a directory has to
        const files = paths.filter((one) => !paths.some((other) => other.startsWith(`${one}/`)));
        const directories = new Set(['', ...files.flatMap((each) => parentsOf(each))]);
        const ignores = rules
          .filter(([place]) => directories.has(place))
          .map(([place, text]) => [join(place, '.gitignore'), text] as const);
        const directory = await aDirectory({
          ...Object.fromEntries(files.map((each) => [each, 'x'])),
          ...Object.fromEntries(ignores),
        });
        expect(await walked(directory)).toEqual(listedByGit(directory));
      }),
      { numRuns: 60 },
    );
  });
});

function parentsOf(path: string): readonly string[] {
  const names = path.split('/').slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}

function listedByGit(directory: string): readonly string[] {
  const env = { PATH: process.env['PATH'], GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', HOME: directory };
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-C', directory, ...args], { env, encoding: 'utf8' });
  git('init', '--quiet', '--template=');
  const paths = git('ls-files', '--others', '--exclude-per-directory=.gitignore', '-z').split('\0');
  return paths.filter((path) => path !== '').toSorted((a, b) => (a < b ? -1 : 1));
}

describe('it is reported, with the reason, that', () => {
  test('a link is not followed, wherever it leads', async () => {
    const outside = await aDirectory({ secret: 'x' });
    const directory = await aDirectory({ 'a/file': '1' });
    await symlink(outside, join(directory, 'directory-outside'));
    await symlink(join(outside, 'secret'), join(directory, 'file-outside'));
    await symlink('a/file', join(directory, 'inside'));
    await symlink('..', join(directory, 'a/loop'));
    await symlink('nowhere', join(directory, 'broken'));
    await symlink('itself', join(directory, 'itself'));
    await symlink(`${directory}-twin`, join(directory, 'twin'));
    await fill(`${directory}-twin`, { x: '' });
    made.push(`${directory}-twin`);
    expect(await walked(directory)).toEqual([
      'a/file',
      'a/loop: symlink_inside',
      'broken: symlink_broken',
      'directory-outside: symlink_outside',
      'file-outside: symlink_outside',
      'inside: symlink_inside',
      'itself: symlink_broken',
      'twin: symlink_outside',
    ]);
  });

  test('a file is no text: a NUL or no UTF-8 in its first 8 kB', async () => {
    const filler = 'x'.repeat(8191);
    const directory = await aDirectory({
      '0-nul': 'a\0b',
      '1-latin': Uint8Array.of(0x61, 0xe4, 0x62),
      '2-cut': Uint8Array.of(0x61, 0xc3),
      '3-edge': `${filler}ä and so on`,
      '4-late': Buffer.concat([Buffer.from(`${filler}x`), Uint8Array.of(0xff, 0)]),
      '5-last': Buffer.concat([Buffer.from(filler), Uint8Array.of(0)]),
      '6-bom': '\ufeffa',
      '7-empty': '',
    });
    expect(await walked(directory)).toEqual([
      '0-nul: binary',
      '1-latin: binary',
      '2-cut: binary',
      '3-edge',
      '4-late',
      '5-last: binary',
      '6-bom',
      '7-empty',
    ]);
    const entries = await entriesIn(directory);
    expect(entries[4]).toMatchObject({ text: `${filler}x\ufffd\0` });
    expect(entries[6]).toMatchObject({ text: '\ufeffa' });
  });

  test('a file is larger than the limit', async () => {
    const directory = await aDirectory({ a: 'x'.repeat(100), b: 'x'.repeat(101), c: 'ä'.repeat(51) });
    expect(await entriesIn(directory, { maxBytes: 100 })).toEqual([
      { kind: 'file', path: 'a', text: 'x'.repeat(100) },
      { kind: 'skipped', path: 'b', reason: 'too_large', detail: '101 bytes' },
      { kind: 'skipped', path: 'c', reason: 'too_large', detail: '102 bytes' },
    ]);
    await writeFile(join(directory, 'd'), 'x'.repeat(1024 * 1024 + 1));
    expect(await walked(directory)).toEqual(['a', 'b', 'c', 'd: too_large']);
  });

  test('a pipe is no file', async () => {
    const directory = await aDirectory({ a: '1' });
    execFileSync('mkfifo', [join(directory, 'pipe')]);
    expect(await walked(directory)).toEqual(['a', 'pipe: special']);
  });

  test('a file or a directory vanishes, or becomes another thing, while others are read', async () => {
    const directory = await aDirectory({ a: '1', b: '2', c: '3', d: '4', 'e/f': '5', 'g/h': '6', z: '7' });
    const walk = walkSources(directory);
    expect((await walk.next()).value).toMatchObject({ path: 'a' });
    await rm(join(directory, 'b'));
    await rm(join(directory, 'c'));
    await symlink('z', join(directory, 'c'));
    await rm(join(directory, 'd'));
    execFileSync('mkfifo', [join(directory, 'd')]);
    await rename(join(directory, 'e'), join(directory, 'moved'));
    await rm(join(directory, 'g'), { recursive: true });
    await writeFile(join(directory, 'g'), 'a file');
    const rest = await Array.fromAsync(walk);
    expect(rest).toEqual([
      { kind: 'skipped', path: 'b', reason: 'vanished' },
      { kind: 'skipped', path: 'c', reason: 'unreadable', detail: 'ELOOP' },
      { kind: 'skipped', path: 'd', reason: 'special' },
      { kind: 'skipped', path: 'e/', reason: 'vanished' },
      { kind: 'skipped', path: 'g/', reason: 'vanished' },
      { kind: 'file', path: 'z', text: '7' },
    ]);
  });
});

test('a directory may be named by a link to it', async () => {
  const directory = await aDirectory({ 'a/x': '1' });
  await symlink('a', join(directory, 'link'));
  expect(await walked(join(directory, 'link'))).toEqual(['x']);
});

test.each(['missing', 'file'])('what is no directory is refused: %s', async (name) => {
  const directory = await aDirectory({ file: '' });
  await expect(entriesIn(join(directory, name))).rejects.toMatchObject({ reason: 'invalid_argument/not_a_directory' });
});

test('a walk ends when it is aborted', async () => {
  const stop = new AbortController();
  const walk = walkSources(await aDirectory({ a: '1', b: '2' }), { signal: stop.signal });
  await walk.next();
  stop.abort(new Error('enough'));
  await expect(walk.next()).rejects.toThrow('enough');
});
